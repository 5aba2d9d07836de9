//! What to do about the lease. No clock is read here, and nothing is sent.

use std::time::Duration;

use k8s_openapi::jiff::Timestamp;
use tokio::time::Instant;

/// The lease as it was seen last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its resourceVersion.
    pub version: String,
    /// Who holds it; nobody if it is empty.
    pub holder: String,
    /// For how long, from each renewal on.
    pub duration: Duration,
    /// When this version was seen first.
    pub since: Instant,
    /// How often it has changed hands.
    pub transitions: i32,
    /// When it was renewed last, as it says itself: by the clock of whoever holds it, which nobody relies on.
    pub renewed: Option<Timestamp>,
}

impl Known {
    /// The same, seen again: what has not changed is as old as before.
    #[must_use]
    pub fn after(mut self, earlier: Option<&Self>) -> Self {
        if let Some(earlier) = earlier.filter(|earlier| earlier.version == self.version) {
            self.since = earlier.since;
        }
        self
    }
}

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// There is none: make it.
    Create,
    /// Nobody holds it, or whoever did has not renewed it in time: take it.
    Take,
    /// It is held by the one who asks: renew it.
    Renew,
    /// Another holds it, at least until then.
    Wait(Instant),
}

/// What `identity` does about the lease.
#[must_use]
pub fn decide(known: Option<&Known>, identity: &str, now: Instant) -> Step {
    let Some(known) = known else { return Step::Create };
    let expires = known.since + known.duration;
    if known.holder == identity {
        Step::Renew
    } else if known.holder.is_empty() || now >= expires {
        Step::Take
    } else {
        Step::Wait(expires)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held_by(holder: &str, since: Instant) -> Known {
        let (version, duration) = ("7".to_owned(), Duration::from_secs(15));
        Known { version, holder: holder.to_owned(), duration, since, transitions: 0, renewed: None }
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_that_nobody_has_made_is_made() {
        assert_eq!(decide(None, "me", Instant::now()), Step::Create);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_that_was_given_back_is_taken_at_once() {
        let now = Instant::now();
        assert_eq!(decide(Some(&held_by("", now)), "me", now), Step::Take);
    }

    #[tokio::test(start_paused = true)]
    async fn another_s_lease_is_taken_only_when_it_has_not_changed_for_its_duration() {
        let now = Instant::now();
        let (known, expires) = (held_by("another", now), now + Duration::from_secs(15));
        assert_eq!(decide(Some(&known), "me", expires - Duration::from_millis(1)), Step::Wait(expires));
        assert_eq!(decide(Some(&known), "me", expires), Step::Take);
    }

    #[tokio::test(start_paused = true)]
    async fn a_renewal_by_another_starts_the_wait_anew_and_a_second_look_does_not() {
        let now = Instant::now();
        let (first, later) = (held_by("another", now), now + Duration::from_secs(5));
        assert_eq!(held_by("another", later).after(Some(&first)).since, now);
        let renewed = Known { version: "8".to_owned(), ..held_by("another", later) };
        assert_eq!(renewed.after(Some(&first)).since, later);
    }
}
