//! How long answers take: an average that forgets, in one word that is written without a lock.

use std::{sync::atomic::Ordering, time::Duration};

use crate::{
    clock::{Moment, nanos},
    sync::AtomicU64,
};

/// `nanoseconds, as f32: 32 | tick of the last sample: 32`. Without a sample it is 0.
#[derive(Debug, Default)]
pub(super) struct Estimate(AtomicU64);

/// A tick is 2^20 ns, about a millisecond; they go round after 52 days. Of samples within one, the first and the highest count.
const TICK_BITS: u32 = 20;

/// How a word is read at a moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    pub(super) now: Moment,
    /// After so many ticks, 63 % of a difference are forgotten.
    memory: f32,
}

impl Scale {
    pub(super) fn new(now: Moment, memory: Duration) -> Self {
        Self { now, memory: (nanos(memory) >> TICK_BITS).max(1) as f32 }
    }

    fn tick(self) -> u32 {
        (self.now.as_nanos() >> TICK_BITS) as u32
    }

    /// How much of a difference of this tick is left.
    fn left(self, tick: u32) -> f32 {
        let ticks = self.tick().wrapping_sub(tick);
        // Whoever wrote it may have read the clock later than we did.
        if ticks == 0 || ticks > u32::MAX / 2 { 1.0 } else { (-(ticks as f32) / self.memory).exp() }
    }
}

impl Estimate {
    /// Nanoseconds, if there was a sample. What was seen long ago comes close to what is usual.
    #[inline]
    pub(super) fn read(&self, at: Scale, usual: Option<f32>) -> Option<f32> {
        let (value, tick) = unpack(self.0.load(Ordering::Relaxed))?;
        Some(usual.map_or(value, |usual| usual + (value - usual) * at.left(tick)))
    }

    /// The last value as it was written.
    #[inline]
    pub(super) fn last(&self) -> Option<f32> {
        unpack(self.0.load(Ordering::Relaxed)).map(|(value, _)| value)
    }

    /// Takes in a sample, in nanoseconds: a higher one at once, a lower one as the higher ones are forgotten. That is Finagle's peak EWMA.
    pub(super) fn peak(&self, at: Scale, sample: f32) {
        self.update(
            at,
            sample,
            |value, left| if sample >= value { sample } else { sample + (value - sample) * left },
        );
    }

    /// Takes in a sample as a mean does.
    pub(super) fn mean(&self, at: Scale, sample: f32) {
        self.update(at, sample, |value, left| sample + (value - sample) * left);
    }

    fn update(&self, at: Scale, sample: f32, next: impl Fn(f32, f32) -> f32) {
        let mut seen = self.0.load(Ordering::Relaxed);
        loop {
            let (value, tick) = unpack(seen).map_or((sample, at.tick()), |(value, tick)| {
                let left = at.left(tick);
                (next(value, left), if left < 1.0 { at.tick() } else { tick })
            });
            let word = u64::from(value.max(f32::MIN_POSITIVE).to_bits()) << 32 | u64::from(tick);
            if word == seen {
                return;
            }
            match self.0.compare_exchange_weak(seen, word, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => seen = now,
            }
        }
    }
}

#[inline]
fn unpack(word: u64) -> Option<(f32, u32)> {
    (word != 0).then(|| (f32::from_bits((word >> 32) as u32), word as u32))
}
