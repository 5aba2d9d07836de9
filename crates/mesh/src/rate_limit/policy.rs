//! How many calls may be made.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::gcra::Quota;
use crate::{
    InvalidPolicy,
    policy::{Problems, durations},
};

/// How many calls may be made, by everyone or by each key.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// So many calls in the time of `per`, 1 to 1,000,000. Default: 100.
    pub calls: u32,
    /// 1 ms to 24 h. Default: 1 s.
    #[serde(with = "durations")]
    pub per: Duration,
    /// So many at once, of who has been idle: 1 to 1,000,000, and whole again within 30 days. Default: 100.
    pub burst: u32,
    /// For how many keys that are in use at a time there is memory, 64 bytes for each: 1 to 10,000,000. Default: 10,000.
    pub keys: usize,
    /// Whether answers say how much is left. Default: true.
    pub headers: bool,
    /// What they call the limit, 1 to 64 printable characters of ASCII without `"` and `\`. Default: `default`.
    pub name: String,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            calls: 100,
            per: Duration::from_secs(1),
            burst: 100,
            keys: 10_000,
            headers: true,
            name: "default".into(),
        }
    }
}

const DAY: Duration = Duration::from_secs(86_400);
const MILLION: u32 = 1_000_000;

impl Policy {
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
        problems.check((1..=MILLION).contains(&self.calls), "calls", "1 to 1,000,000");
        problems.check((Duration::from_millis(1)..=DAY).contains(&self.per), "per", "1 ms to 24 h");
        problems.check((1..=MILLION).contains(&self.burst), "burst", "1 to 1,000,000");
        let whole_in = Duration::from_nanos(Quota::new(self).tolerance());
        problems.check(whole_in <= DAY * 30, "burst", "whole again within 30 days");
        problems.check((1..=10_000_000).contains(&self.keys), "keys", "1 to 10,000,000");
        let printable = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'\\';
        let name = (1..=64).contains(&self.name.len()) && self.name.bytes().all(printable);
        problems.check(name, "name", "1 to 64 printable characters of ASCII without `\"` and `\\`");
    }
}
