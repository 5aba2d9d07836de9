//! What is drawn, so that it can be drawn again.

use std::{
    hash::{BuildHasher, RandomState},
    sync::OnceLock,
};

/// `SEED`, or one of chance.
pub(crate) fn seed() -> u64 {
    static SEED: OnceLock<u64> = OnceLock::new();
    *SEED.get_or_init(|| {
        let told = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
        told.unwrap_or_else(|| RandomState::new().hash_one(0) % 1_000_000)
    })
}

/// One of so many, at least 1, for this purpose: the first step of SplitMix64 (Steele, Lea, Flood 2014) from the seed and the name.
pub(crate) fn draw(what: &str, of: usize) -> usize {
    let name = what.bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    let mut z = seed().wrapping_add(name).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    usize::try_from(z % u64::try_from(of).unwrap_or(1)).unwrap_or(0)
}
