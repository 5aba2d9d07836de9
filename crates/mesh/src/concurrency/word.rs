//! All that a call has to know of a limit, in one word that changes at once.

/// How many calls are under way, how many wait, and how many there may be: up to 2^24, 2^20 and 2^20.
///
/// Since they are one word, whoever leaves sees whoever waits, and whoever is about to wait sees whoever has left: nobody is forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) under_way: u32,
    pub(super) waiting: u32,
    pub(super) limit: u32,
}

const WAITING_AT: u32 = 24;
const LIMIT_AT: u32 = 44;

impl Word {
    /// More cannot be counted.
    pub(super) const MOST_UNDER_WAY: u32 = (1 << WAITING_AT) - 1;
    /// One call under way in a packed word.
    pub(super) const ONE_UNDER_WAY: u64 = 1;

    #[inline]
    pub(super) const fn pack(self) -> u64 {
        self.under_way as u64 | (self.waiting as u64) << WAITING_AT | (self.limit as u64) << LIMIT_AT
    }

    #[inline]
    pub(super) const fn unpack(word: u64) -> Self {
        Self {
            under_way: low(word, WAITING_AT),
            waiting: low(word >> WAITING_AT, LIMIT_AT - WAITING_AT),
            limit: low(word >> LIMIT_AT, u64::BITS - LIMIT_AT),
        }
    }

    /// The same with one more under way.
    pub(super) const fn entered(self) -> Self {
        Self { under_way: self.under_way + 1, ..self }
    }
}

/// The lowest bits, up to 32 of them.
#[inline]
const fn low(word: u64, bits: u32) -> u32 {
    let [a, b, c, d, ..] = (word & ((1 << bits) - 1)).to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}
