//! Proof that nothing was lost or doubled on the way: a count and a sum of hashes, kept on both sides.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// How many messages there were and the sum of their [fingerprints](crate::Envelope::fingerprint) modulo 2^62.
///
/// Two tallies are equal if both sides saw the same messages, each once, in whatever order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub count: u64,
    /// The sum of their fingerprints modulo 2^62, so that two of them can be added in a BIGINT.
    pub sum: u64,
}

impl Tally {
    /// What sums are counted modulo of: 2^62.
    pub const MODULUS: u64 = 1 << 62;

    /// The tally of one message.
    #[must_use]
    pub const fn one(fingerprint: u64) -> Self {
        Self { count: 1, sum: fingerprint % Self::MODULUS }
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self { count: self.count.wrapping_add(other.count), sum: (self.sum + other.sum) % Self::MODULUS }
    }

    /// What came after `earlier`.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self {
            count: self.count.wrapping_sub(earlier.count),
            sum: (self.sum + Self::MODULUS - earlier.sum) % Self::MODULUS,
        }
    }
}

/// As in the envelope's attribute: the count in decimal, a hyphen, the sum as 16 hexadecimal digits.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:016x}", self.count, self.sum)
    }
}

/// A text that is no tally.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a tally such as `17-2f00000000000001`")]
pub struct NotATally(String);

impl FromStr for Tally {
    type Err = NotATally;

    fn from_str(text: &str) -> Result<Self, NotATally> {
        let parse = || {
            let (count, sum) = text.split_once('-')?;
            let sum = u64::from_str_radix(sum, 16).ok().filter(|sum| *sum < Self::MODULUS)?;
            Some(Self { count: count.parse().ok()?, sum })
        };
        parse().ok_or_else(|| NotATally(text.to_owned()))
    }
}

/// As text: the sum is larger than some readers of JSON take numbers for.
impl Serialize for Tally {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Tally {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tallies() -> impl Strategy<Value = Tally> {
        (0..1_u64 << 40, 0..Tally::MODULUS).prop_map(|(count, sum)| Tally { count, sum })
    }

    proptest! {
        #[test]
        fn order_does_not_matter(a in tallies(), b in tallies(), c in tallies()) {
            prop_assert_eq!(a.plus(b).plus(c), c.plus(a).plus(b));
        }

        #[test]
        fn what_came_after_is_what_was_added(a in tallies(), b in tallies()) {
            prop_assert_eq!(a.plus(b).since(a), b);
        }

        #[test]
        fn a_tally_survives_being_written(a in tallies()) {
            prop_assert_eq!(a.to_string().parse(), Ok(a));
        }
    }

    #[test]
    fn other_text_is_no_tally() {
        for text in ["", "-", "1", "x-0", "1-4000000000000000", "1-zz", "-1-0"] {
            assert_eq!(text.parse::<Tally>(), Err(NotATally(text.to_owned())));
        }
    }
}
