//! The budget's arithmetic: a ring of buckets that is read and written without a lock.

use std::{
    cmp::Ordering::{Equal, Greater, Less},
    sync::atomic::Ordering,
};

use super::Policy;
use crate::{
    clock::{Moment, nanos},
    sync::AtomicU64,
};

/// Buckets by turns: turn 0 is the first bucket's length of time, and so on.
#[derive(Debug)]
pub(super) struct Ledger {
    bucket_nanos: u64,
    floor: u64,
    percent: u64,
    /// How many buckets are a window. There are more in a ring, so that it is as long as a power of two.
    buckets: u64,
    /// Of each bucket the reservations. None comes any more once it is sealed; some may be given back.
    reserved: Box<[AtomicU64]>,
    /// Of each lane and bucket the first attempts, which nearly every call is. They may still come when the turn is over.
    firsts: Box<[Block]>,
    lanes: usize,
}

/// Neighbours that lanes do not share: processors fetch lines of the cache by twos.
#[derive(Debug)]
#[repr(align(128))]
struct Block([AtomicU64; IN_BLOCK]);

const IN_BLOCK: usize = 16;

/// A bucket's word: `turn + 1: 41 | sealed: 1 | count: 22`. Zero is of no turn. 41 bits of the shortest buckets are longer than the clock can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Word(u64);

const COUNT_BITS: u32 = 22;
const COUNT_MAX: u64 = (1 << COUNT_BITS) - 1;
const SEALED: u64 = 1 << COUNT_BITS;
const TURN_SHIFT: u32 = COUNT_BITS + 1;

impl Word {
    /// The beginning of a turn.
    const fn of(turn: u64) -> Self {
        Self((turn + 1) << TURN_SHIFT)
    }

    const fn count(self) -> u64 {
        self.0 & COUNT_MAX
    }

    const fn is_sealed(self) -> bool {
        self.0 & SEALED != 0
    }

    const fn is_full(self) -> bool {
        self.count() == COUNT_MAX
    }

    fn turn_is(self, turn: u64) -> std::cmp::Ordering {
        (self.0 >> TURN_SHIFT).cmp(&(turn + 1))
    }

    /// What is counted of this turn.
    fn count_of(self, turn: u64) -> u64 {
        if self.turn_is(turn) == Equal { self.count() } else { 0 }
    }
}

/// What became of trying to reserve.
enum Tried {
    Reserved,
    NoRoom,
    /// Somebody else was there in between.
    Raced,
    /// A later turn has begun.
    Late,
}

impl Ledger {
    /// With so many lanes, a power of two, in which first attempts are counted.
    pub(super) fn new(policy: &Policy, lanes: usize) -> Self {
        let zero = |_| AtomicU64::new(0);
        let buckets = policy.buckets.max(1);
        let ring = buckets.next_power_of_two();
        let blocks = lanes * ring.div_ceil(IN_BLOCK);
        Self {
            bucket_nanos: (nanos(policy.window) / buckets as u64).max(1),
            floor: policy.floor.into(),
            percent: policy.percent.into(),
            buckets: buckets as u64,
            reserved: (0..ring).map(zero).collect(),
            firsts: (0..blocks).map(|_| Block(std::array::from_fn(zero))).collect(),
            lanes,
        }
    }

    /// Counts a first attempt. One that is told of after a whole turn of the ring is left out, and one beyond the 4,194,303 that a bucket holds, both
    /// of which make the budget smaller.
    #[inline]
    pub(super) fn count_first(&self, lane: usize, now: Moment) {
        let turn = self.turn(now);
        let firsts = self.firsts_in(lane, turn);
        let mut seen = Word(firsts.load(Ordering::Acquire));
        loop {
            let next = match seen.turn_is(turn) {
                Equal if !seen.is_full() => seen.0 + 1,
                Less => Word::of(turn).0 + 1,
                Equal | Greater => return,
            };
            match firsts.compare_exchange_weak(seen.0, next, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return,
                Err(now) => seen = Word(now),
            }
        }
    }

    /// Reserves an attempt, if there is room for it: says in which turn, for [`give_back`](Self::give_back).
    pub(super) fn reserve(&self, now: Moment) -> Option<u64> {
        let mut turn = self.turn(now);
        loop {
            match self.try_to_reserve(turn) {
                Tried::Reserved => return Some(turn),
                Tried::NoRoom => return None,
                Tried::Raced => {}
                // Somebody has read a later time already, so it is.
                Tried::Late => turn += 1,
            }
        }
    }

    fn try_to_reserve(&self, turn: u64) -> Tried {
        let word = self.reserved_in(turn);
        let seen = Word(word.load(Ordering::Acquire));
        let current = match seen.turn_is(turn) {
            Less => Word::of(turn),
            Equal if !seen.is_sealed() => seen,
            Equal | Greater => return Tried::Late,
        };
        let mut run = Run { reserved: current.count() + 1, firsts: self.firsts(turn) };
        let mut has_room = !current.is_full() && self.left(run).is_some();
        for earlier in self.earlier_turns(turn) {
            let Some(reserved) = self.seal(earlier) else { return Tried::Late };
            run.reserved += reserved;
            run.firsts += self.firsts(earlier);
            has_room &= self.left(run).is_some();
        }
        if !has_room {
            return Tried::NoRoom;
        }
        match word.compare_exchange(seen.0, current.0 + 1, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => Tried::Reserved,
            Err(_) => Tried::Raced,
        }
    }

    /// Nobody reserves in this turn any more; says how many have. `None` if its bucket is of a later turn already.
    fn seal(&self, turn: u64) -> Option<u64> {
        let word = self.reserved_in(turn);
        let mut seen = Word(word.load(Ordering::Acquire));
        loop {
            let sealed = match seen.turn_is(turn) {
                Greater => return None,
                Equal if seen.is_sealed() => return Some(seen.count()),
                Equal => Word(seen.0 | SEALED),
                Less => Word(Word::of(turn).0 | SEALED),
            };
            match word.compare_exchange_weak(seen.0, sealed.0, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Some(sealed.count()),
                Err(now) => seen = Word(now),
            }
        }
    }

    /// Gives back what was reserved in this turn. After a whole turn of the ring there is nothing to give back to.
    pub(super) fn give_back(&self, turn: u64) {
        let word = self.reserved_in(turn);
        let mut seen = Word(word.load(Ordering::Acquire));
        while seen.count_of(turn) > 0 {
            match word.compare_exchange_weak(seen.0, seen.0 - 1, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return,
                Err(now) => seen = Word(now),
            }
        }
    }

    /// How many attempts there is room for now, and how much there is in the window.
    pub(super) fn balance(&self, now: Moment) -> (u64, Run) {
        let turn = self.turn(now);
        let (mut run, mut left) = (Run::default(), u64::MAX);
        for turn in std::iter::once(turn).chain(self.earlier_turns(turn)) {
            run.reserved += Word(self.reserved_in(turn).load(Ordering::Acquire)).count_of(turn);
            run.firsts += self.firsts(turn);
            left = left.min(self.left(run).unwrap_or_default());
        }
        (left, run)
    }

    /// How many more there is room for in a run of buckets; `None` if there are too many already.
    fn left(&self, run: Run) -> Option<u64> {
        (self.floor * 100 + self.percent * run.firsts).checked_sub(run.reserved * 100).map(|room| room / 100)
    }

    fn firsts(&self, turn: u64) -> u64 {
        let count = |lane| Word(self.firsts_in(lane, turn).load(Ordering::Acquire)).count_of(turn);
        (0..self.lanes).map(count).sum()
    }

    /// The others of the window that ends with this turn, the latest first.
    fn earlier_turns(&self, turn: u64) -> impl Iterator<Item = u64> + use<> {
        (turn.saturating_sub(self.buckets - 1)..turn).rev()
    }

    #[inline]
    fn turn(&self, now: Moment) -> u64 {
        now.as_nanos() / self.bucket_nanos
    }

    fn reserved_in(&self, turn: u64) -> &AtomicU64 {
        &self.reserved[self.index(turn)]
    }

    #[inline]
    fn firsts_in(&self, lane: usize, turn: u64) -> &AtomicU64 {
        let index = self.index(turn);
        let block = (lane & (self.lanes - 1)) * self.reserved.len().div_ceil(IN_BLOCK) + index / IN_BLOCK;
        &self.firsts[block].0[index % IN_BLOCK]
    }

    /// Of a turn's bucket in the ring.
    #[inline]
    fn index(&self, turn: u64) -> usize {
        usize::try_from(turn & (self.reserved.len() as u64 - 1)).unwrap_or_default()
    }
}

/// What there is in some buckets in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) reserved: u64,
    pub(super) firsts: u64,
}
