//! Random numbers and ids, from the operating system or from a seed, so that a run can be repeated.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use database::Clock;
use uuid::Uuid;

/// Random numbers for ids, jitter and choices; not for secrets. Clones draw from one sequence.
///
/// SplitMix64 (Steele, Lea, Flood 2014): a counter and a mixing function, hence no lock.
#[derive(Clone, Debug)]
pub struct Random(Arc<AtomicU64>);

impl Random {
    /// Another sequence in every process.
    #[must_use]
    pub fn system() -> Self {
        // The standard library seeds its hash maps from the operating system.
        Self::seeded(RandomState::new().build_hasher().finish())
    }

    /// The same sequence for the same seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Random(Arc::new(AtomicU64::new(seed)))
    }

    /// The next number, of all 64-bit numbers.
    #[must_use]
    pub fn next_u64(&self) -> u64 {
        const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;
        let counter = self.0.fetch_add(GAMMA, Ordering::Relaxed).wrapping_add(GAMMA);
        let mixed = (counter ^ (counter >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// The next fraction: at least 0, less than 1.
    #[must_use]
    pub fn next_fraction(&self) -> f64 {
        // The 53 bits that a float between 1 and 2 can tell apart.
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A sequence of its own, which depends on this one's state: for a part that should draw the same numbers
    /// whatever the others draw.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self::seeded(self.next_u64())
    }
}

/// Makes UUIDs of version 7: each greater than the one before, whatever the clock does. Clones share the
/// order.
#[derive(Clone, Debug)]
pub struct Ids {
    clock: Clock,
    random: Random,
    /// The last id without version and variant: 48 bits of milliseconds, then [`RANDOM_BITS`].
    last: Arc<Mutex<u128>>,
}

/// The time of [`Ids::seeded`]: 2026-01-01T00:00:00Z.
const SEEDED_EPOCH_MICROS: i64 = 1_767_225_600_000_000;

/// Bits of a version 7 UUID that are neither time, version nor variant.
const RANDOM_BITS: u32 = 74;

impl Ids {
    /// Ids of the times of `clock`.
    #[must_use]
    pub fn new(clock: Clock, random: Random) -> Self {
        Ids { clock, random, last: Arc::default() }
    }

    /// The same ids in every run: those of `seed`, at the times of a clock that stands still.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        let (clock, _) = Clock::manual(SEEDED_EPOCH_MICROS);
        Self::new(clock, Random::seeded(seed))
    }

    /// The next id.
    #[must_use]
    pub fn next(&self) -> Uuid {
        let random = self.random_bits();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        // Within a millisecond, and while the clock is behind, ids count up from the last (RFC 9562, 6.2,
        // method 2).
        *last = (self.millis() << RANDOM_BITS | random).max(*last + 1);
        with_version_and_variant(*last)
    }

    /// The random numbers behind the ids.
    #[must_use]
    pub fn random(&self) -> &Random {
        &self.random
    }

    /// Milliseconds since the epoch, in 48 bits; before it, zero.
    fn millis(&self) -> u128 {
        const LARGEST: u128 = (1 << 48) - 1;
        u128::try_from(self.clock.now() / 1000).unwrap_or(0).min(LARGEST)
    }

    fn random_bits(&self) -> u128 {
        let wide = u128::from(self.random.next_u64()) << 64 | u128::from(self.random.next_u64());
        wide >> (128 - RANDOM_BITS)
    }
}

/// Spreads 122 bits over a UUID: 48 of time, the version, 12, the variant, 62.
fn with_version_and_variant(compact: u128) -> Uuid {
    const VERSION: u128 = 0x7 << 76;
    const VARIANT: u128 = 0b10 << 62;
    let time = compact >> RANDOM_BITS << 80;
    let high = (compact >> 62 & 0xfff) << 64;
    let low = compact & ((1 << 62) - 1);
    Uuid::from_u128(time | VERSION | high | VARIANT | low)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn splitmix_gives_the_published_sequence() {
        let random = Random::seeded(1_234_567);
        let drawn = [random.next_u64(), random.next_u64(), random.next_u64()];
        assert_eq!(drawn, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn fractions_stay_below_one() {
        let random = Random::seeded(1);
        assert!((0..1000).map(|_| random.next_fraction()).all(|fraction| (0.0..1.0).contains(&fraction)));
    }

    #[test]
    fn ids_are_version_7_of_the_clocks_time() {
        let (clock, _) = Clock::manual(1_645_557_742_000_000);
        let id = Ids::new(clock, Random::seeded(1)).next();
        assert_eq!((id.get_version_num(), id.get_variant()), (7, uuid::Variant::RFC4122));
        assert!(id.to_string().starts_with("017f22e2-79b0-7"), "{id}");
    }

    #[test]
    fn ids_grow_within_a_millisecond_and_while_the_clock_is_behind() {
        let (clock, hands) = Clock::manual(1_000_000_000);
        let ids = Ids::new(clock, Random::seeded(1));
        let mut last = ids.next();
        for step in 0..1000 {
            match step {
                500 => hands.set(0),
                750 => hands.advance(Duration::from_secs(2000)),
                _ => {}
            }
            let next = ids.next();
            assert!(next > last, "{next} after {last}");
            last = next;
        }
    }

    #[test]
    fn a_seed_gives_the_same_ids_again() {
        let ids = |seed| {
            let ids = Ids::seeded(seed);
            [ids.next(), ids.next()]
        };
        assert_eq!(ids(1), ids(1));
        assert_ne!(ids(1), ids(2));
    }

    #[test]
    fn system_ids_of_two_processes_differ() {
        let ids = || Ids::new(Clock::system(), Random::system());
        assert_ne!(ids().next(), ids().next());
    }
}
