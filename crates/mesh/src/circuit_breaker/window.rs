//! What came of the calls of the last while: a ring of buckets that is written without a lock.

use std::{sync::atomic::Ordering, time::Duration};

use crate::{
    clock::{Moment, nanos},
    sync::AtomicU64,
};

/// Buckets by turns; one that is found to be of an earlier turn, or of an earlier generation of the breaker, begins anew.
#[derive(Debug)]
pub(super) struct Window {
    bucket_nanos: u64,
    buckets: Box<[Bucket]>,
}

/// Two words, each of which says whose it is: calls and failures are counted at once, slow calls beside them.
#[derive(Debug)]
struct Bucket {
    calls: AtomicU64,
    slow: AtomicU64,
}

/// What a window holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) calls: u64,
    pub(super) failures: u64,
    pub(super) slow: u64,
}

/// `tag: 28 | calls: 18 | failures: 18`. The tag is the generation's low 6 bits and the turn's low 22, which 1 s buckets repeat after 48 days.
const COUNT_BITS: u32 = 18;
const COUNT_MAX: u64 = (1 << COUNT_BITS) - 1;
const TURN_BITS: u32 = 22;
const TAG_SHIFT: u32 = 2 * COUNT_BITS;
/// Of a word that was never written.
const NEVER: u64 = u64::MAX;

impl Window {
    pub(super) fn new(length: Duration, buckets: usize) -> Self {
        let bucket_nanos = (nanos(length) / buckets.max(1) as u64).max(1);
        let bucket = || Bucket { calls: AtomicU64::new(NEVER), slow: AtomicU64::new(NEVER) };
        Self { bucket_nanos, buckets: (0..buckets.max(1)).map(|_| bucket()).collect() }
    }

    /// Counts a call. A bucket that is full with 262,143 calls counts no further ones, so that its shares stay what they are.
    #[inline]
    pub(super) fn record(&self, generation: u32, now: Moment, failed: bool, slow: bool) {
        let turn = now.as_nanos() / self.bucket_nanos;
        let tag = tag(generation, turn);
        let bucket = self.bucket(turn);
        let counted = count(&bucket.calls, tag, 1 << COUNT_BITS | u64::from(failed), |word| {
            word >> COUNT_BITS & COUNT_MAX < COUNT_MAX
        });
        if slow && counted {
            count(&bucket.slow, tag, 1, |_| true);
        }
    }

    /// What there is of this generation in the buckets up to now.
    pub(super) fn totals(&self, generation: u32, now: Moment) -> Totals {
        let last = now.as_nanos() / self.bucket_nanos;
        let first = (last + 1).saturating_sub(self.buckets.len() as u64);
        let mut totals = Totals::default();
        for turn in first..=last {
            let (tag, bucket) = (tag(generation, turn), self.bucket(turn));
            let of_turn = |word: &AtomicU64| {
                Some(word.load(Ordering::Acquire)).filter(|word| *word != NEVER && word >> TAG_SHIFT == tag)
            };
            if let Some(word) = of_turn(&bucket.calls) {
                totals.calls += word >> COUNT_BITS & COUNT_MAX;
                totals.failures += word & COUNT_MAX;
            }
            if let Some(word) = of_turn(&bucket.slow) {
                totals.slow += word & COUNT_MAX;
            }
        }
        totals
    }

    #[inline]
    fn bucket(&self, turn: u64) -> &Bucket {
        let index = turn % self.buckets.len() as u64;
        &self.buckets[usize::try_from(index).unwrap_or_default()]
    }
}

const fn tag(generation: u32, turn: u64) -> u64 {
    (generation as u64 & 63) << TURN_BITS | turn & ((1 << TURN_BITS) - 1)
}

/// Adds in a bucket of this tag, which begins anew if it is of an earlier one. Whether it was counted: a bucket that has gone on is none
/// of this call's any more.
#[inline]
fn count(word: &AtomicU64, tag: u64, add: u64, has_room: impl Fn(u64) -> bool) -> bool {
    let mut seen = word.load(Ordering::Acquire);
    loop {
        let next = if seen >> TAG_SHIFT == tag {
            if !has_room(seen) {
                return false;
            }
            seen + add
        } else if seen != NEVER && is_later(seen >> TAG_SHIFT, tag) {
            return false;
        } else {
            tag << TAG_SHIFT | add
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
