//! What goes wrong, on purpose.

use std::{
    str::FromStr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chassis::{ids::Random, shutdown::Drain};
use serde::{Deserialize, Serialize};
use tokio::{
    sync::Notify,
    time::{Instant, sleep, sleep_until},
};

/// What goes wrong. Times count from when it was said: from the start, or from the latest `PUT /faults`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Every answer is so late, in milliseconds; a minute at most.
    pub delay_ms: u64,
    /// This part of the answers is 500, by chance; 0 to 1.
    pub error_rate: f64,
    /// It is not ready, and still answers.
    pub unready: bool,
    /// The same from so many seconds on; a day at most.
    pub unready_after_seconds: Option<u64>,
    /// The process exits with 1 after so many seconds, whatever it has in hand; a day at most.
    pub crash_after_seconds: Option<u64>,
}

const LONGEST_DELAY_MS: u64 = 60_000;
const LONGEST_SECONDS: u64 = 24 * 60 * 60;

impl Faults {
    /// Whether they can be.
    ///
    /// # Errors
    /// What is out of range, in a sentence.
    pub fn validate(&self) -> Result<(), &'static str> {
        let too_late = |after: Option<u64>| after.is_some_and(|seconds| seconds > LONGEST_SECONDS);
        if !(0.0..=1.0).contains(&self.error_rate) {
            Err("`error_rate` is from 0 to 1")
        } else if self.delay_ms > LONGEST_DELAY_MS {
            Err("`delay_ms` is a minute at most")
        } else if too_late(self.unready_after_seconds) || too_late(self.crash_after_seconds) {
            Err("what comes after some seconds comes within a day")
        } else {
            Ok(())
        }
    }
}

impl FromStr for Faults {
    type Err = String;

    fn from_str(json: &str) -> Result<Self, String> {
        let faults: Self = serde_json::from_str(json).map_err(|error| error.to_string())?;
        faults.validate()?;
        Ok(faults)
    }
}

/// The faults that there are now. Clones are the same.
#[derive(Clone, Debug)]
pub struct Trouble(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    now: Mutex<(Faults, Instant)>,
    changed: Notify,
    random: Random,
}

impl Trouble {
    /// These, from now on.
    #[must_use]
    pub fn new(faults: Faults, random: Random) -> Self {
        let now = Mutex::new((faults, Instant::now()));
        Self(Arc::new(Shared { now, changed: Notify::new(), random }))
    }

    /// These instead, from now on.
    pub fn set(&self, faults: Faults) {
        *self.now() = (faults, Instant::now());
        self.0.changed.notify_one();
    }

    /// Those that there are.
    #[must_use]
    pub fn get(&self) -> Faults {
        self.now().0.clone()
    }

    /// Waits as long as an answer is late; then tells whether it fails.
    pub async fn befalls(&self) -> bool {
        let (delay, rate) = {
            let now = self.now();
            (Duration::from_millis(now.0.delay_ms), now.0.error_rate)
        };
        if !delay.is_zero() {
            sleep(delay).await;
        }
        self.0.random.next_fraction() < rate
    }

    /// Why it is not ready, if it is not.
    ///
    /// # Errors
    /// The fault that makes it so.
    pub fn readiness(&self) -> Result<(), String> {
        let now = self.now();
        let later = now.0.unready_after_seconds.map(|seconds| now.1 + Duration::from_secs(seconds));
        if now.0.unready {
            Err("told to be unready".to_owned())
        } else if later.is_some_and(|at| Instant::now() >= at) {
            Err("told to become unready".to_owned())
        } else {
            Ok(())
        }
    }

    /// Returns when the process is to crash: true; or, when it drains before that, false.
    pub async fn crashes(&self, drain: &Drain) -> bool {
        loop {
            let at = {
                let now = self.now();
                now.0.crash_after_seconds.map(|seconds| now.1 + Duration::from_secs(seconds))
            };
            let crash = async {
                match at {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = drain.requested() => return false,
                () = self.0.changed.notified() => {}
                () = crash => return true,
            }
        }
    }

    fn now(&self) -> MutexGuard<'_, (Faults, Instant)> {
        self.0.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Exits with 1 when the process is to crash.
pub async fn crash(trouble: Trouble, drain: Drain) {
    if trouble.crashes(&drain).await {
        tracing::error!("told to crash");
        std::process::exit(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_is_refused_in_a_sentence() {
        for (json, sentence) in [
            (r#"{"error_rate": 1.5}"#, "`error_rate` is from 0 to 1"),
            (r#"{"delay_ms": 60001}"#, "a minute at most"),
            (r#"{"crash_after_seconds": 86401}"#, "within a day"),
            (r#"{"unready_after_seconds": 86401}"#, "within a day"),
            (r#"{"slow": true}"#, "unknown field `slow`"),
        ] {
            let refused = json.parse::<Faults>().unwrap_err();
            assert!(refused.contains(sentence), "{refused}");
        }
        assert_eq!("{}".parse(), Ok(Faults::default()));
    }

    #[tokio::test(start_paused = true)]
    async fn it_crashes_when_its_time_has_come_unless_it_drains_before() {
        let after = |seconds| Faults { crash_after_seconds: Some(seconds), ..Faults::default() };
        let trouble = Trouble::new(Faults::default(), Random::seeded(1));
        let (trigger, drain) = chassis::shutdown::drain();
        let crashing = tokio::spawn({
            let (trouble, drain) = (trouble.clone(), drain.clone());
            async move { trouble.crashes(&drain).await }
        });
        tokio::task::yield_now().await;
        let told = Instant::now();
        trouble.set(after(7));
        assert!(crashing.await.unwrap());
        assert_eq!(told.elapsed().as_secs(), 7);
        trouble.set(after(60));
        trigger.drain();
        assert!(!trouble.crashes(&drain).await);
    }
}
