//! How long an answer may take, where calls come in and where they go out.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    InvalidPolicy,
    policy::{Problems, durations},
};

/// How long callers may wait.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerPolicy {
    /// Who does not say how long gets so much, 1 ms to `maximum`. Default: 15 s.
    #[serde(with = "durations")]
    pub default: Duration,
    /// Nobody gets more than this, 1 ms to 24 h. Default: 60 s.
    #[serde(with = "durations")]
    pub maximum: Duration,
    /// Whether the work ends at the deadline, as it does when the caller leaves. Otherwise it goes on, for nobody. The body of an answer is
    /// not looked at in either case: it is given to a caller who is still there. Default: true.
    pub end: bool,
}

/// How long calls may take.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientPolicy {
    /// A call takes no longer, with all its tries, 1 ms to 24 h. Default: 15 s.
    #[serde(with = "durations")]
    pub at_most: Duration,
    /// An inherited deadline is sooner by so much, up to 10 s. Default: 5 ms.
    #[serde(with = "durations")]
    pub hop_margin: Duration,
    /// With less left than this no call is made, and no try is sent, up to 10 s. Default: 1 ms.
    #[serde(with = "durations")]
    pub least: Duration,
    /// How many percent of what a try has left the other side is not told of, up to 50: it gives up first, and its answer that says so is on the way
    /// back meanwhile. Default: 0.
    pub way_back_percent: u8,
    /// Whether the answer's body has to be there by the deadline, too. Not of streams, which last as long as they are wanted; by gRPC, which knows no time
    /// until the headers alone, the other side is then told none. Default: true.
    pub body: bool,
}

impl Default for ServerPolicy {
    fn default() -> Self {
        Self { default: Duration::from_secs(15), maximum: Duration::from_secs(60), end: true }
    }
}

impl Default for ClientPolicy {
    fn default() -> Self {
        Self {
            at_most: Duration::from_secs(15),
            hop_margin: Duration::from_millis(5),
            least: Duration::from_millis(1),
            way_back_percent: 0,
            body: true,
        }
    }
}

const MILLISECOND: Duration = Duration::from_millis(1);
const DAY: Duration = Duration::from_secs(86_400);
const TEN_SECONDS: Duration = Duration::from_secs(10);

impl ServerPolicy {
    /// Looks at every field.
    ///
    /// # Errors
    /// All fields that are out of their range, by name.
    pub fn validate(&self) -> Result<(), InvalidPolicy> {
        let mut problems = Problems::default();
        self.check(&mut problems);
        problems.finish()
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        problems.check((MILLISECOND..=self.maximum).contains(&self.default), "default", "1 ms to `maximum`");
        problems.check((MILLISECOND..=DAY).contains(&self.maximum), "maximum", "1 ms to 24 h");
    }
}

impl ClientPolicy {
    /// Looks at every field.
    ///
    /// # Errors
    /// All fields that are out of their range, by name.
    pub fn validate(&self) -> Result<(), InvalidPolicy> {
        let mut problems = Problems::default();
        self.check(&mut problems);
        problems.finish()
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        problems.check((MILLISECOND..=DAY).contains(&self.at_most), "at_most", "1 ms to 24 h");
        problems.check(self.hop_margin <= TEN_SECONDS, "hop_margin", "up to 10 s");
        let least = self.least <= TEN_SECONDS.min(self.at_most);
        problems.check(least, "least", "up to `at_most` and to 10 s");
        problems.check(self.way_back_percent <= 50, "way_back_percent", "up to 50");
    }
}
