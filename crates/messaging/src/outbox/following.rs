//! What is put into the outbox is handed to the relay as well once it is committed, so that a relay which has sent
//! everything before it need not read it again.
//!
//! The outbox stays what is true. Whatever the relay is not sure of, it reads: a topic's first messages, those that come
//! after one that was not sent, those of another replica, and those for which there was no room here. It is sure of a
//! message if the one before it in its partition, by the places that the outbox gives them, was taken by this relay.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::Envelope;

/// How much is kept for the relay in memory, in bytes of attributes and payloads: of what it has yet to look at, and of each
/// topic.
const MOST: usize = 1 << 20;

/// Where a message is in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) enqueued_at: i64,
    pub(super) partition: u32,
    pub(super) sequence: u64,
    /// How often its key has failed; `None` if it is not held.
    pub(super) failures: Option<u32>,
    /// The size of its attributes and payload.
    pub(super) bytes: usize,
}

/// A message that was committed.
#[derive(Debug)]
pub(super) struct Handed {
    pub(super) topic: String,
    pub(super) place: Place,
    pub(super) envelope: Envelope,
}

/// What was committed since the relay has looked.
#[derive(Debug, Default)]
pub(super) struct Hands(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    messages: Vec<Handed>,
    bytes: usize,
    /// Whether something was committed that is not among the messages.
    overlooked: bool,
}

impl Hands {
    /// Keeps a message for the relay. If there is too much, all of it is left to be read.
    pub(super) fn give(&self, handed: Handed) {
        let mut held = self.held();
        held.bytes += handed.place.bytes;
        held.messages.push(handed);
        if held.bytes > MOST {
            *held = Held { overlooked: true, ..Held::default() };
        }
    }

    /// Notes that there may be something to be read.
    pub(super) fn overlook(&self) {
        self.held().overlooked = true;
    }

    /// What was committed, in the order of the commits, and whether that is all.
    pub(super) fn take(&self) -> (Vec<Handed>, bool) {
        let Held { messages, overlooked, .. } = std::mem::take(&mut *self.held());
        (messages, !overlooked)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // Nothing panics while it is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the relay knows of its topics without reading. In their order, so that a run can be repeated.
#[derive(Debug, Default)]
pub(super) struct Following(BTreeMap<String, Line>);

/// A topic, as far as it is known.
#[derive(Debug, Default)]
struct Line {
    /// Whether everything up to the places below was taken and sent, or is being sent.
    is_sure: bool,
    /// The latest place of each partition that was taken.
    latest: BTreeMap<u32, u64>,
    /// What comes after that.
    waiting: VecDeque<(Place, Envelope)>,
    bytes: usize,
}

impl Line {
    fn doubt(&mut self) {
        self.is_sure = false;
        self.waiting.clear();
        self.bytes = 0;
    }
}

impl Following {
    /// Takes a message that was committed. Tells whether that is enough: if not, the topic is to be read.
    pub(super) fn hand(&mut self, handed: Handed) -> bool {
        let Handed { topic, place, envelope } = handed;
        let Some(line) = self.0.get_mut(&topic).filter(|line| line.is_sure) else { return false };
        let latest = line.latest.get(&place.partition).copied();
        if latest.is_some_and(|latest| place.sequence <= latest) {
            return true;
        }
        if latest.is_none_or(|latest| place.sequence > latest + 1) || line.bytes > MOST {
            line.doubt();
            return false;
        }
        line.latest.insert(place.partition, place.sequence);
        line.bytes += place.bytes;
        line.waiting.push_back((place, envelope));
        true
    }

    /// Notes that the outbox was read: of all topics but those skipped nothing waits, unless it is said below. `all` says that
    /// this is sure.
    pub(super) fn emptied(&mut self, skipped: &HashSet<String>, all: bool) {
        for (_, line) in self.0.iter_mut().filter(|(topic, _)| !skipped.contains(*topic)) {
            line.doubt();
            line.is_sure = all;
        }
    }

    /// Notes what was read of a topic. `all` says that nothing else is in the outbox that could be sent now or later.
    pub(super) fn read(&mut self, topic: &str, places: &[Place], all: bool) {
        let line = self.0.entry(topic.to_owned()).or_default();
        line.doubt();
        line.is_sure = all;
        for Place { partition, sequence, .. } in places {
            let latest = line.latest.entry(*partition).or_default();
            *latest = (*latest).max(*sequence);
        }
    }

    /// Something of a topic was not sent.
    pub(super) fn doubt(&mut self, topic: &str) {
        self.0.get_mut(topic).into_iter().for_each(Line::doubt);
    }

    /// Somebody else may send.
    pub(super) fn doubt_all(&mut self) {
        self.0.values_mut().for_each(Line::doubt);
    }

    /// Whether a topic need not be read.
    pub(super) fn is_sure(&self, topic: &str) -> bool {
        self.0.get(topic).is_some_and(|line| line.is_sure)
    }

    /// The topics of which something waits.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &String> {
        self.0.iter().filter(|(_, line)| !line.waiting.is_empty()).map(|(topic, _)| topic)
    }

    /// Takes the first messages that wait, at most `limit`.
    pub(super) fn take(&mut self, topic: &str, limit: usize) -> Vec<(Place, Envelope)> {
        let Some(line) = self.0.get_mut(topic) else { return Vec::new() };
        let taken: Vec<_> = line.waiting.drain(..line.waiting.len().min(limit)).collect();
        line.bytes -= taken.iter().map(|(place, _)| place.bytes).sum::<usize>();
        taken
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::Data;

    fn place(partition: u32, sequence: u64) -> Place {
        Place { enqueued_at: 0, partition, sequence, failures: None, bytes: 100 }
    }

    fn handed(partition: u32, sequence: u64) -> Handed {
        let envelope = Envelope::new(Uuid::nil(), "/s", "k", "s", 0, Data::default());
        Handed { topic: "t".to_owned(), place: place(partition, sequence), envelope }
    }

    fn sure_after(partition: u32, sequence: u64) -> Following {
        let mut following = Following::default();
        following.read("t", &[place(partition, sequence)], true);
        following
    }

    fn waiting(following: &mut Following) -> Vec<(u32, u64)> {
        following.take("t", 9).iter().map(|(place, _)| (place.partition, place.sequence)).collect()
    }

    #[test]
    fn what_follows_what_was_read_waits_to_be_sent() {
        let mut following = sure_after(1, 7);
        assert!(following.hand(handed(1, 7)), "it was read");
        assert!(following.hand(handed(1, 8)) && following.hand(handed(1, 9)));
        assert_eq!(following.waiting().collect::<Vec<_>>(), ["t"]);
        assert_eq!(waiting(&mut following), [(1, 8), (1, 9)]);
        assert!(waiting(&mut following).is_empty() && following.hand(handed(1, 10)));
    }

    #[test]
    fn what_may_come_after_something_else_is_read() {
        for other in [handed(1, 10), handed(2, 1)] {
            let mut following = sure_after(1, 7);
            assert!(following.hand(handed(1, 8)));
            assert!(!following.hand(other));
            assert!(!following.hand(handed(1, 9)), "not before it was read");
            assert!(!following.is_sure("t") && waiting(&mut following).is_empty());
        }
        assert!(!Following::default().hand(handed(1, 1)));
    }

    #[test]
    fn what_comes_after_something_that_was_not_sent_is_read() {
        let mut following = sure_after(1, 7);
        assert!(following.hand(handed(1, 8)));
        following.doubt("t");
        assert!(!following.hand(handed(1, 9)) && waiting(&mut following).is_empty());
        following.read("t", &[place(1, 8)], false);
        assert!(!following.hand(handed(1, 10)), "more is in the outbox than was read");
        following.read("t", &[place(1, 9), place(1, 10)], true);
        assert!(following.hand(handed(1, 10)) && waiting(&mut following).is_empty());
        assert!(following.hand(handed(1, 11)));
    }

    #[test]
    fn a_topic_of_which_nothing_was_found_is_sure_unless_it_was_skipped() {
        let mut following = sure_after(1, 7);
        following.doubt("t");
        following.emptied(&HashSet::from(["t".to_owned()]), true);
        assert!(!following.hand(handed(1, 8)));
        following.emptied(&HashSet::new(), false);
        assert!(!following.hand(handed(1, 8)));
        following.emptied(&HashSet::new(), true);
        assert!(following.hand(handed(1, 8)));
    }

    #[test]
    fn what_is_read_is_not_sent_twice() {
        let mut following = sure_after(1, 7);
        assert!(following.hand(handed(1, 8)));
        following.read("t", &[place(1, 8), place(1, 9)], true);
        assert!(following.hand(handed(1, 9)) && waiting(&mut following).is_empty());
    }

    #[test]
    fn what_there_is_no_room_for_is_read() {
        let large = |sequence| {
            let mut large = handed(1, sequence);
            large.place.bytes = MOST + 1;
            large
        };
        let hands = Hands::default();
        hands.give(handed(1, 8));
        hands.give(large(9));
        hands.give(handed(1, 10));
        let (taken, all) = hands.take();
        assert_eq!((taken.len(), all), (1, false), "what came after it");
        assert!(hands.take().1);

        let mut following = sure_after(1, 7);
        assert!(following.hand(large(8)) && !following.hand(handed(1, 9)));
    }
}
