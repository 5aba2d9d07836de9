//! What came of the calls of the last while: a ring of buckets that is written without a lock.

use std::{sync::atomic::Ordering, time::Duration};

use crate::{
    clock::{Moment, nanos},
    sync::{AtomicU64, fence},
};

/// Buckets by turns; one that is found to be of an earlier turn, or of an earlier generation of the breaker, begins anew. Each lane has a
/// ring of its own, and only who looks at the totals looks at all of them.
#[derive(Debug)]
pub(super) struct Window {
    /// 2^64 by the length of a bucket in nanoseconds, since a multiplication is faster than a division. Rounded up, it makes a bucket shorter by a
    /// ten-millionth of itself at most.
    reciprocal: u64,
    /// How many buckets count. There are more in a ring, so that it is as long as a power of two.
    buckets: u64,
    ring: usize,
    lanes: usize,
    blocks: Box<[Block]>,
}

const IN_BLOCK: usize = 4;

/// Neighbours that lanes do not share: processors fetch lines of the cache by twos.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Block([Bucket; IN_BLOCK]);

/// Words each of which says whose it is.
#[derive(Debug)]
struct Bucket {
    calls: AtomicU64,
    failures: AtomicU64,
    slow: AtomicU64,
}

/// What a window holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) calls: u64,
    pub(super) failures: u64,
    pub(super) slow: u64,
}

/// `tag: 28 | count: 36`. The tag is the generation's low 6 bits and the turn's low 22, which 1 s buckets repeat after 48 days. No bucket is
/// long enough for a count of 2^36.
const COUNT_BITS: u32 = 36;
const TURN_BITS: u32 = 22;
/// Of a word that was never written.
const NEVER: u64 = u64::MAX;

impl Default for Bucket {
    fn default() -> Self {
        let never = || AtomicU64::new(NEVER);
        Self { calls: never(), failures: never(), slow: never() }
    }
}

impl Bucket {
    fn words(&self) -> [&AtomicU64; 3] {
        [&self.calls, &self.failures, &self.slow]
    }
}

impl Window {
    /// `lanes` is a power of two.
    pub(super) fn new(length: Duration, buckets: usize, lanes: usize) -> Self {
        let bucket_nanos = (nanos(length) / buckets.max(1) as u64).max(2);
        let ring = buckets.next_power_of_two().max(IN_BLOCK);
        let blocks = lanes * ring / IN_BLOCK;
        Self {
            reciprocal: u64::MAX / bucket_nanos + 1,
            buckets: buckets.max(1) as u64,
            ring,
            lanes,
            blocks: (0..blocks).map(|_| Block::default()).collect(),
        }
    }

    /// Counts a call. Of two that failed or were slow, and then look at the totals, one at least sees both.
    #[inline]
    pub(super) fn record(&self, lane: usize, generation: u32, now: Moment, failed: bool, slow: bool) {
        let turn = self.turn(now);
        let (tag, bucket) = (tag(generation, turn), self.bucket(lane, turn));
        let counted = count(&bucket.calls, tag);
        if failed || slow {
            if failed && counted {
                count(&bucket.failures, tag);
            }
            if slow && counted {
                count(&bucket.slow, tag);
            }
            fence(Ordering::SeqCst);
        }
    }

    /// What there is of this generation in the buckets up to now.
    pub(super) fn totals(&self, generation: u32, now: Moment) -> Totals {
        let last = self.turn(now);
        let first = (last + 1).saturating_sub(self.buckets);
        let mut totals = Totals::default();
        for turn in first..=last {
            let tag = tag(generation, turn);
            for bucket in (0..self.lanes).map(|lane| self.bucket(lane, turn)) {
                // Calls last, since each was counted before it was found to have failed.
                totals.failures += counted(&bucket.failures, tag);
                totals.slow += counted(&bucket.slow, tag);
                totals.calls += counted(&bucket.calls, tag);
            }
        }
        totals
    }

    /// Forgets everything: after half of all generations a bucket that nobody has written since would pass for a later one.
    pub(super) fn clear(&self) {
        for word in self.blocks.iter().flat_map(|block| &block.0).flat_map(Bucket::words) {
            word.store(NEVER, Ordering::Release);
        }
    }

    #[inline]
    fn turn(&self, now: Moment) -> u64 {
        let product = u128::from(now.as_nanos()) * u128::from(self.reciprocal);
        u64::try_from(product >> 64).unwrap_or_default()
    }

    #[inline]
    fn bucket(&self, lane: usize, turn: u64) -> &Bucket {
        let in_ring = usize::try_from(turn & (self.ring as u64 - 1)).unwrap_or_default();
        let index = (lane & (self.lanes - 1)) * self.ring + in_ring;
        &self.blocks[index / IN_BLOCK].0[index % IN_BLOCK]
    }
}

const fn tag(generation: u32, turn: u64) -> u64 {
    (generation as u64 & 63) << TURN_BITS | turn & ((1 << TURN_BITS) - 1)
}

/// What a word counts, if it is of this tag.
fn counted(word: &AtomicU64, tag: u64) -> u64 {
    let word = word.load(Ordering::Acquire);
    if word != NEVER && word >> COUNT_BITS == tag { word & ((1 << COUNT_BITS) - 1) } else { 0 }
}

/// Adds one in a bucket of this tag, which begins anew if it is of an earlier one. Whether it was counted: a bucket that has gone on is none
/// of this call's any more.
#[inline]
fn count(word: &AtomicU64, tag: u64) -> bool {
    let mut seen = word.load(Ordering::Acquire);
    loop {
        let next = if seen >> COUNT_BITS == tag && seen != NEVER {
            seen + 1
        } else if seen != NEVER && is_later(seen >> COUNT_BITS, tag) {
            return false;
        } else {
            tag << COUNT_BITS | 1
        };
        match word.compare_exchange_weak(seen, next, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => return true,
            Err(now) => seen = now,
        }
    }
}

/// Whether one tag is of a later generation than another, or of a later turn of the same. Both numbers go round.
fn is_later(one: u64, other: u64) -> bool {
    let ahead = |one: u64, other: u64, bits: u32| {
        let difference = one.wrapping_sub(other) & ((1 << bits) - 1);
        (difference != 0).then_some(difference < 1 << (bits - 1))
    };
    ahead(one >> TURN_BITS, other >> TURN_BITS, 6).or_else(|| ahead(one, other, TURN_BITS)).unwrap_or(false)
}
