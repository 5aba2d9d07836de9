//! Numbers by chance, where they spread callers out.

use std::sync::atomic::Ordering;

use crate::{lanes, sync::AtomicU64};

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

/// Numbers for many threads, without a lock; it knows how many there were. Each lane has a stretch of the same sequence, by the order in which they begin: what one
/// thread alone draws is the same each time.
#[derive(Debug)]
pub(crate) struct SharedRandom {
    lanes: Box<[Turns]>,
    begun: AtomicU64,
    seed: u64,
}

/// `stretch + 1: 8 | turns in it: 56`. Zero has not begun.
#[derive(Debug)]
#[repr(align(128))]
struct Turns(AtomicU64);

const STRETCH: u64 = 1 << 56;

impl SharedRandom {
    pub(crate) fn new(seed: u64) -> Self {
        let lanes = (0..lanes::worthwhile()).map(|_| Turns(AtomicU64::new(0))).collect();
        Self { lanes, begun: AtomicU64::new(0), seed }
    }

    /// The next number, any of 64 bits.
    #[inline]
    pub(crate) fn next(&self) -> u64 {
        let Turns(turns) = &self.lanes[lanes::of_this_thread() & (self.lanes.len() - 1)];
        if turns.load(Ordering::Relaxed) == 0 {
            self.begin(turns);
        }
        let turn = turns.fetch_add(1, Ordering::Relaxed).wrapping_add(1).wrapping_sub(STRETCH);
        mix(self.seed.wrapping_add(turn.wrapping_mul(STEP)))
    }

    /// How many numbers there were.
    pub(crate) fn turns(&self) -> u64 {
        self.lanes.iter().map(|Turns(turns)| turns.load(Ordering::Relaxed) % STRETCH).sum()
    }

    /// If two threads begin a lane at once, one stretch is left out.
    #[cold]
    fn begin(&self, turns: &AtomicU64) {
        let stretch = (self.begun.fetch_add(1, Ordering::Relaxed) + 1) * STRETCH;
        let _ = turns.compare_exchange(0, stretch, Ordering::Relaxed, Ordering::Relaxed);
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

#[cfg(all(test, not(any(mesh_loom, mesh_shuttle))))]
mod tests {
    use std::{collections::BTreeSet, thread};

    use super::*;

    #[test]
    fn one_thread_draws_the_same_each_time_whichever_it_is() {
        let draw = || {
            let random = SharedRandom::new(7);
            [(); 5].map(|()| random.next())
        };
        let mut alone = Random(7);
        assert_eq!(draw(), [(); 5].map(|()| alone.next()));
        assert_eq!(draw(), thread::spawn(draw).join().expect("a thread that ends"));
    }

    #[test]
    fn no_two_threads_draw_the_same_and_all_numbers_are_counted() {
        let random = SharedRandom::new(7);
        let draw = || (0..1_000).map(|_| random.next()).collect::<Vec<_>>();
        let drawn: BTreeSet<_> = thread::scope(|scope| {
            let threads = [(); 4].map(|()| scope.spawn(draw));
            threads.into_iter().flat_map(|thread| thread.join().expect("a thread that ends")).collect()
        });
        assert_eq!((drawn.len(), random.turns()), (4_000, 4_000));
    }
}
