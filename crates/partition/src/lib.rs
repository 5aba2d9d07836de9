#![doc = include_str!("../README.md")]
//!
//! # The hash
//!
//! It is FNV-1a of 64 bits over the key's UTF-8 bytes, finished by the mixing steps of
//! SplitMix64, since the low bits of FNV-1a alone depend on the low bits of the bytes only.
//!
//! ```text
//! h = 0xcbf29ce484222325
//! for each byte b:  h = (h xor b) * 0x100000001b3
//! h = (h xor (h >> 30)) * 0xbf58476d1ce4e5b9
//! h = (h xor (h >> 27)) * 0x94d049bb133111eb
//! h =  h xor (h >> 31)
//! partition = h mod 256
//! ```

/// How many virtual partitions there are. A broker may keep several of them in one lane.
pub const PARTITIONS: u16 = 256;

/// The virtual partition of a key.
#[must_use]
pub fn partition(key: &str) -> u8 {
    Hasher::new().bytes(key.as_bytes()).finish().to_le_bytes()[0]
}

/// The hash of this module, to be fed piece by piece.
#[derive(Clone, Copy, Debug)]
pub struct Hasher(u64);

impl Default for Hasher {
    fn default() -> Self {
        Self::new()
    }
}

impl Hasher {
    /// The hash of nothing so far.
    #[must_use]
    pub const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// With these bytes too.
    #[must_use]
    pub fn bytes(self, bytes: &[u8]) -> Self {
        Self(bytes.iter().fold(self.0, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)))
    }

    /// Bytes and then their number, so that where one piece ends and the next begins counts too.
    #[must_use]
    pub fn piece(self, bytes: &[u8]) -> Self {
        self.bytes(bytes).bytes(&(bytes.len() as u64).to_le_bytes())
    }

    /// The hash of everything that it was fed.
    #[must_use]
    pub const fn finish(self) -> u64 {
        let mut hash = self.0;
        hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        hash ^ (hash >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_documented_one() {
        // Computed by an independent implementation.
        let vectors = [
            ("", 0xf52a_15e9_a9b5_e89b),
            ("a", 0x02c0_bdbf_4814_20f8),
            ("customer-1", 0x2cb0_0644_b7ae_349b),
            ("customer-2", 0xff5f_0313_31ea_7506),
            ("0198c5b2-7d4e-7c3a-9b1f-2d6e8f0a1b2c", 0x2e8a_3e11_1a17_1a1f),
            ("Grüße", 0x70c7_07da_262a_6e9b),
        ];
        for (key, hash) in vectors {
            assert_eq!(Hasher::new().bytes(key.as_bytes()).finish(), hash, "hash of {key:?}");
            assert_eq!(u64::from(partition(key)), hash % 256, "partition of {key:?}");
        }
    }

    #[test]
    fn similar_keys_spread_evenly() {
        let mut counts = [0_u32; 256];
        for number in 0..25_600 {
            counts[usize::from(partition(&format!("customer-{number}")))] += 1;
        }
        assert!(counts.iter().all(|count| (50..=150).contains(count)), "about 100 each: {counts:?}");
    }

    #[test]
    fn where_a_piece_ends_counts() {
        let whole =
            |pieces: &[&[u8]]| pieces.iter().fold(Hasher::new(), |hash, piece| hash.piece(piece)).finish();
        assert_ne!(whole(&[b"ab", b"c"]), whole(&[b"a", b"bc"]));
    }
}
