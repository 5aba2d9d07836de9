//! One run of a file: what the file's names are called in the system.

use std::fmt;

use chassis::ids::Random;
use contracts::{CustomerId, Reference, Sku, values::Invalid};
use uuid::Uuid;

use super::Key;

/// An id of its own for every run of a file, by which all that it makes is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    name: String,
    /// Whether products are called otherwise than in the file, too.
    renames: bool,
}

impl Run {
    const LENGTH: usize = 8;

    /// The longest sku in a file: with the prefix it still is one.
    pub const LONGEST_SKU: usize = 64 - Self::LENGTH - 1;

    /// A run that no other has the id of.
    #[must_use]
    pub fn new(random: &Random) -> Self {
        // Without those that are easily taken for one another.
        const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
        let number = random.next_u64();
        let digit = |place: usize| char::from(DIGITS[(number >> (5 * place)) as usize % DIGITS.len()]);
        Self { name: (0..Self::LENGTH).map(digit).collect(), renames: true }
    }

    /// A run that no other has the id of either, which says by its name what it is; products keep the names that they have in the
    /// file.
    pub(crate) fn named(name: &str, random: &Random) -> Self {
        Self { name: format!("{name}-{}", Self::new(random)), renames: false }
    }

    /// What the system calls a product of the file.
    ///
    /// # Errors
    /// The file's sku is longer than [`LONGEST_SKU`](Self::LONGEST_SKU).
    pub fn sku(&self, sku: &Sku) -> Result<Sku, Invalid> {
        if self.renames { format!("{self}-{sku}").parse() } else { Ok(sku.clone()) }
    }

    /// What the systems outside call an order of the file.
    ///
    /// # Errors
    /// None: a key is short enough.
    pub fn reference(&self, key: &Key) -> Result<Reference, Invalid> {
        format!("{self}-{key}").parse()
    }

    /// The id of a customer that nobody has registered; the same for the same key.
    #[must_use]
    pub fn nobody(&self, key: &Key) -> CustomerId {
        self.nobody_of(key.as_str())
    }

    /// The same of any name.
    pub(crate) fn nobody_of(&self, name: &str) -> CustomerId {
        Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{self}-{name}").as_bytes()).into()
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
