//! The end of a topic in memory: who follows closely is given what was published without reading the store.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use crate::{Delivery, Envelope};

/// How much of a topic is kept in memory at most, in bytes of JSON; who is further behind reads the store.
const MOST: usize = 256 << 10;

/// A message that was appended.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) lane: u16,
    pub(super) bytes: usize,
    pub(super) envelope: Envelope,
}

/// The latest messages without a gap, the last of which is that of the topic.
#[derive(Debug, Default)]
pub(super) struct Tail {
    batches: VecDeque<Batch>,
    bytes: usize,
}

#[derive(Debug)]
struct Batch {
    first: u64,
    sent: Arc<[Sent]>,
}

impl Batch {
    fn end(&self) -> u64 {
        self.first + self.sent.len() as u64
    }

    fn bytes(&self) -> usize {
        self.sent.iter().map(|sent| sent.bytes).sum()
    }
}

impl Tail {
    /// What was appended comes to its end, the last of it at `head`. Nothing is kept if nobody would be given it.
    pub(super) fn push(&mut self, head: u64, sent: Option<Arc<[Sent]>>) {
        let Some(sent) = sent else { return self.forget(head) };
        let batch = Batch { first: head + 1 - sent.len() as u64, sent };
        if self.batches.back().is_some_and(|last| last.end() != batch.first) {
            self.forget(head);
        }
        self.bytes += batch.bytes();
        self.batches.push_back(batch);
        while self.bytes > MOST {
            self.forget_first();
        }
    }

    /// Forgets what no subscription needs any more.
    pub(super) fn forget(&mut self, position: u64) {
        while self.batches.front().is_some_and(|first| first.end() <= position + 1) {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        self.bytes -= self.batches.pop_front().map_or(0, |batch| batch.bytes());
    }

    /// What comes after a position in some lanes, at most `max` messages, and up to where that is all; `None` if not all of it
    /// is kept.
    pub(super) fn after(
        &self,
        position: u64,
        lanes: &Range<u16>,
        max: usize,
    ) -> Option<(Vec<Delivery>, u64)> {
        self.batches.front().filter(|first| first.first <= position + 1)?;
        let (mut found, mut until) = (Vec::new(), position);
        let batches = self.batches.iter().skip_while(|batch| batch.end() <= position + 1);
        for (at, sent) in batches.flat_map(|batch| (batch.first..).zip(&*batch.sent)) {
            if at <= position {
                continue;
            }
            if lanes.contains(&sent.lane) {
                if found.len() == max {
                    break;
                }
                found.push(Delivery { lane: sent.lane, position: at, envelope: sent.envelope.clone() });
            }
            until = at;
        }
        Some((found, until))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::Data;

    /// As many messages as there are lanes, of so many bytes each.
    fn sent(lanes: &[u16], bytes: usize) -> Option<Arc<[Sent]>> {
        let envelope = Envelope::new(Uuid::nil(), "/s", "k", "s", 0, Data::default());
        Some(lanes.iter().map(|&lane| Sent { lane, bytes, envelope: envelope.clone() }).collect())
    }

    fn after(tail: &Tail, position: u64, lanes: Range<u16>, max: usize) -> Option<(Vec<u64>, u64)> {
        let (found, until) = tail.after(position, &lanes, max)?;
        Some((found.iter().map(|delivery| delivery.position).collect(), until))
    }

    #[test]
    fn what_comes_after_a_position_is_found_in_its_lanes() {
        let mut tail = Tail::default();
        tail.push(3, sent(&[0, 1, 2], 1));
        tail.push(5, sent(&[0, 1], 1));
        assert_eq!(after(&tail, 0, 0..16, 9), Some((vec![1, 2, 3, 4, 5], 5)));
        assert_eq!(after(&tail, 1, 0..16, 2), Some((vec![2, 3], 3)));
        assert_eq!(after(&tail, 0, 1..2, 9), Some((vec![2, 5], 5)));
        assert_eq!(after(&tail, 0, 1..2, 1), Some((vec![2], 4)));
        assert_eq!(after(&tail, 5, 0..16, 9), Some((vec![], 5)));
    }

    #[test]
    fn who_is_too_far_behind_is_told_so() {
        let mut tail = Tail::default();
        assert_eq!(after(&tail, 0, 0..16, 9), None);
        tail.push(12, sent(&[0, 1], 1));
        assert_eq!(after(&tail, 9, 0..16, 9), None);
        assert_eq!(after(&tail, 10, 0..16, 9), Some((vec![11, 12], 12)));
        tail.forget(11);
        assert_eq!(after(&tail, 11, 0..16, 9), Some((vec![12], 12)), "a batch goes as a whole");
        tail.forget(12);
        assert_eq!(after(&tail, 11, 0..16, 9), None);
    }

    #[test]
    fn what_is_too_much_or_has_a_gap_is_not_kept() {
        let mut tail = Tail::default();
        tail.push(1, sent(&[0], MOST));
        tail.push(2, sent(&[0], 1));
        assert_eq!((after(&tail, 0, 0..16, 9), after(&tail, 1, 0..16, 9)), (None, Some((vec![2], 2))));
        tail.push(9, sent(&[0], 1));
        assert_eq!((after(&tail, 1, 0..16, 9), after(&tail, 8, 0..16, 9)), (None, Some((vec![9], 9))));
        tail.push(10, None);
        assert_eq!((after(&tail, 8, 0..16, 9), tail.bytes), (None, 0));
    }
}
