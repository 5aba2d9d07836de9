//! Who goes in, who waits, and who is let in when somebody leaves.

use std::sync::{PoisonError, atomic::Ordering};

use super::{
    Priority, Queue, Shares,
    line::{Line, Place},
    word::Word,
};
use crate::{
    Why,
    clock::Moment,
    sync::{Alone, AtomicU64, Mutex, MutexGuard},
};

/// Counts who is under way. Where there is room and nobody waits it takes no lock.
#[derive(Debug)]
pub(super) struct Gate<W> {
    word: Alone<AtomicU64>,
    shares: Shares,
    places: u32,
    line: Mutex<Line<W>>,
}

/// What became of somebody who found no room at once.
#[derive(Debug)]
pub(super) enum Entrance {
    Entered,
    Waits(Place),
    Refused(Why),
}

impl<W> Gate<W> {
    pub(super) fn new(limit: u32, shares: Shares, queue: Option<Queue>) -> Self {
        let Queue { places, time } = queue.unwrap_or(Queue { places: 0, ..Queue::default() });
        let word = Word { under_way: 0, waiting: 0, limit };
        Self { word: Alone(AtomicU64::new(word.pack())), shares, places, line: Mutex::new(Line::new(time)) }
    }

    #[inline]
    pub(super) fn word(&self) -> Word {
        Word::unpack(self.word.0.load(Ordering::Acquire))
    }

    /// Goes in where there is room and nobody waits.
    #[inline]
    pub(super) fn enter(&self, priority: Priority) -> bool {
        self.change(|word| (word.waiting == 0 && self.has_room(word, priority)).then(|| word.entered()))
    }

    /// Goes in without room. Only when more are in already than can be counted it does not.
    pub(super) fn enter_anyway(&self) -> bool {
        self.change(|word| (word.under_way < Word::MOST_UNDER_WAY).then(|| word.entered()))
    }

    /// Goes in, or waits if there is a queue with a place for it; whoever waits and is as important goes first.
    pub(super) fn enter_or_wait(
        &self,
        priority: Priority,
        now: Moment,
        waiter: impl FnOnce() -> W,
    ) -> Entrance {
        if self.places == 0 {
            return if self.enter(priority) { Entrance::Entered } else { self.refused() };
        }
        let mut line = self.line();
        let is_next = !line.goes_before(priority);
        let places = self.shares.of(self.places, priority);
        let mut enters = false;
        let changed = self.change(|word| {
            enters = is_next && self.has_room(word, priority);
            if enters {
                return Some(word.entered());
            }
            (word.waiting < places).then(|| Word { waiting: word.waiting + 1, ..word })
        });
        match (changed, enters) {
            (true, true) => Entrance::Entered,
            (true, false) => Entrance::Waits(line.join(priority, now, waiter())),
            (false, _) => Entrance::Refused(Why::QueueFull),
        }
    }

    /// Somebody goes out. Says how it was before; if somebody waited, [`next`](Self::next) is due.
    #[inline]
    pub(super) fn leave(&self) -> Word {
        Word::unpack(self.word.0.fetch_sub(Word::ONE_UNDER_WAY, Ordering::AcqRel))
    }

    /// From now on so many. If it is more than before, [`next`](Self::next) is due.
    pub(super) fn set_limit(&self, limit: u32) {
        self.change(|word| Some(Word { limit, ..word }));
    }

    /// Lets in whoever is next, if there is room, and says whom.
    pub(super) fn next(&self, now: impl FnOnce() -> Moment) -> Option<W> {
        if self.word().waiting == 0 {
            return None;
        }
        let mut line = self.line();
        let next = line.next(now())?;
        // If it finds no room, nobody does: the less important have less of it.
        let entered = self.change(|word| {
            let waiting = word.waiting - 1;
            self.has_room(word, next.priority()).then(|| Word { waiting, ..word.entered() })
        });
        if entered { line.leave(next) } else { None }
    }

    /// Waits no more. `false`: it was let in before, and has to [`leave`](Self::leave).
    pub(super) fn give_up(&self, place: Place) -> bool {
        let waited = self.line().leave(place);
        if waited.is_some() {
            self.change(|word| Some(Word { waiting: word.waiting - 1, ..word }));
        }
        waited.is_some()
    }

    fn refused(&self) -> Entrance {
        let word = self.word();
        Entrance::Refused(if word.under_way >= word.limit { Why::LimitReached } else { Why::Shed })
    }

    #[inline]
    fn has_room(&self, word: Word, priority: Priority) -> bool {
        word.under_way < self.shares.of(word.limit, priority)
    }

    /// Changes the word as it is at that moment; `false` where `next` wants no change.
    #[inline]
    fn change(&self, mut next: impl FnMut(Word) -> Option<Word>) -> bool {
        let next = |word| next(Word::unpack(word)).map(Word::pack);
        self.word.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, next).is_ok()
    }

    fn line(&self) -> MutexGuard<'_, Line<W>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
