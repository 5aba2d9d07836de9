//! Numbers by chance, where they spread callers out.

use std::sync::atomic::Ordering;

use crate::sync::AtomicU64;

/// By how much `SplitMix64` goes on.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// A number in which every bit depends on every bit of the other.
#[inline]
pub(crate) const fn mix(number: u64) -> u64 {
    let mut mixed = number;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The same numbers for many threads, without a lock; it knows how many there were.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct SharedRandom {
    turns: AtomicU64,
    seed: u64,
}

impl SharedRandom {
    pub(crate) fn new(seed: u64) -> Self {
        Self { turns: AtomicU64::new(0), seed }
    }

    /// The next number, any of 64 bits.
    #[inline]
    pub(crate) fn next(&self) -> u64 {
        let turn = self.turns.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        mix(self.seed.wrapping_add(turn.wrapping_mul(STEP)))
    }

    /// How many numbers there were.
    pub(crate) fn turns(&self) -> u64 {
        self.turns.load(Ordering::Relaxed)
    }
}

/// `SplitMix64` (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014): random enough to keep callers apart, and repeatable.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// The next number, any of 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// The next number, from 0 to less than 1.
    pub(crate) fn part(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits are all that an f64 has")]
        let part = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        part
    }
}
