//! What was handled and is not acknowledged yet.

use std::time::Duration;

use tokio::time::Instant;

use crate::Delivery;

/// So many messages are acknowledged without waiting for more.
const MANY: usize = 1024;

/// How far a consumer has come in each lane since it has acknowledged something: a later position stands for all before it.
#[derive(Debug, Default)]
pub(super) struct Acks {
    positions: Vec<(u16, u64)>,
    messages: usize,
    /// When the first of them was handled.
    since: Option<Instant>,
}

impl Acks {
    /// Those of a batch that is handled, which came in the order of each lane.
    pub(super) fn of(batch: &[Delivery]) -> Self {
        let mut acks = Self::default();
        batch.iter().for_each(|delivery| acks.advance(delivery.lane, delivery.position));
        Self { messages: batch.len(), ..acks }
    }

    /// Another batch is handled.
    pub(super) fn add(&mut self, batch: Self) {
        batch.positions.into_iter().for_each(|(lane, position)| self.advance(lane, position));
        self.messages += batch.messages;
        self.since.get_or_insert_with(Instant::now);
    }

    /// When there is something to acknowledge, none of which is to wait longer than this.
    pub(super) fn due_at(&self, within: Duration) -> Option<Instant> {
        self.since.map(|since| since + within)
    }

    /// Whether to acknowledge now.
    pub(super) fn are_due(&self, within: Duration) -> bool {
        self.messages >= MANY || self.due_at(within).is_some_and(|due| due <= Instant::now())
    }

    /// What to acknowledge, which nobody has to remember from now on.
    pub(super) fn take(&mut self) -> Vec<(u16, u64)> {
        std::mem::take(self).positions
    }

    fn advance(&mut self, lane: u16, position: u64) {
        match self.positions.iter_mut().find(|(of, _)| *of == lane) {
            Some((_, last)) => *last = position,
            None => self.positions.push((lane, position)),
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{Data, Envelope};

    const WITHIN: Duration = Duration::from_millis(20);

    fn batch(of: &[(u16, u64)]) -> Acks {
        let envelope = Envelope::new(Uuid::nil(), "/s", "k", "s", 0, Data::default());
        let delivery = |&(lane, position)| Delivery { lane, position, envelope: envelope.clone() };
        Acks::of(&of.iter().map(delivery).collect::<Vec<_>>())
    }

    #[tokio::test(start_paused = true)]
    async fn batches_that_follow_each_other_are_acknowledged_at_once() {
        let mut acks = Acks::default();
        acks.add(batch(&[(0, 1), (1, 2), (0, 3)]));
        tokio::time::advance(WITHIN / 2).await;
        acks.add(batch(&[(1, 4), (2, 5)]));
        assert!(!acks.are_due(WITHIN));
        tokio::time::advance(WITHIN / 2).await;
        assert!(acks.are_due(WITHIN), "the first has waited long enough");
        assert_eq!(acks.take(), [(0, 3), (1, 4), (2, 5)]);
        assert!(!acks.are_due(WITHIN) && acks.due_at(WITHIN).is_none() && acks.take().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn many_messages_do_not_wait() {
        let mut acks = Acks::default();
        for position in 1..MANY as u64 {
            acks.add(batch(&[(0, position)]));
        }
        assert!(!acks.are_due(WITHIN));
        acks.add(batch(&[(0, MANY as u64)]));
        assert!(acks.are_due(WITHIN));
    }
}
