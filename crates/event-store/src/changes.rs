//! Waking those who follow a log, when something may have been appended.

use eventcount::Eventcount;

/// Tells those who follow a log that there may be more; clones tell the same.
#[derive(Clone, Debug, Default)]
pub struct Changes(Eventcount);

impl Changes {
    /// Wakes all who follow.
    pub fn tell(&self) {
        self.0.advance();
    }

    /// Follows: what is told from now on is heard.
    #[must_use]
    pub fn follow(&self) -> Followed {
        Followed { heard: self.0.read(), told: self.0.clone() }
    }
}

/// What one who follows a log has heard of it.
#[derive(Debug)]
pub struct Followed {
    told: Eventcount,
    /// How often it was told of changes.
    heard: u64,
}

impl Followed {
    /// What was told until now need not be told again: whoever follows is about to look.
    pub fn catch_up(&mut self) {
        self.heard = self.told.read();
    }

    /// Waits until something was told that has not been heard. Cancel safe; it waits for ever if nobody is left to tell.
    pub async fn changed(&mut self) {
        self.heard = self.told.beyond(self.heard).await;
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn what_is_told_between_two_waits_is_heard_once() {
        let changes = Changes::default();
        let mut followed = changes.follow();
        changes.tell();
        changes.tell();
        followed.changed().await;
        assert!(followed.changed().now_or_never().is_none(), "it was told twice before it was heard");
        changes.tell();
        followed.catch_up();
        assert!(followed.changed().now_or_never().is_none());
    }
}
