//! What a subscription asks of a log of events.

use std::sync::Arc;

use database::Error;
use futures_util::future::BoxFuture;
use partition::PARTITIONS;

use crate::changes::Followed;
use crate::stream::{self, InvalidName};
use crate::{Recorded, StreamName};

/// A log of events that can be followed without skipping any.
///
/// Both questions are needed, in this order: first how far the log is settled, then, in a statement that begins after
/// that was answered, what there is up to there. A log that draws positions before it commits shows late what has a low
/// position; whoever reads up to the highest position in sight, skips it for ever.
pub trait Log: Send + Sync + 'static {
    /// H: whatever is at or below it is visible from now on, and nothing can any more appear there. It never falls.
    fn settled(&self) -> BoxFuture<'_, Result<u64, Error>>;

    /// What there is after one position and up to another, in ascending order, as [`read::all`](crate::read::all) tells
    /// it.
    fn read<'a>(
        &'a self,
        after: u64,
        up_to: u64,
        filter: &'a Filter,
        limit: usize,
    ) -> BoxFuture<'a, Result<Page, Error>>;

    /// What tells when something may have been appended. It need not notice what other processes do.
    fn changes(&self) -> Followed;
}

/// Some events in ascending order of position, and how far they are all there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The events that the filter let through.
    pub events: Vec<Recorded>,
    /// Up to here there are no others.
    pub scanned: u64,
}

/// Which events to read: those that all of its parts let through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    categories: Arc<[Box<str>]>,
    kinds: Arc<[Box<str>]>,
    partitions: Partitions,
}

impl Default for Filter {
    fn default() -> Self {
        Self { categories: Arc::new([]), kinds: Arc::new([]), partitions: Partitions::ALL }
    }
}

impl Filter {
    /// Only events of streams of these categories.
    ///
    /// # Errors
    /// One of them is no category.
    pub fn categories(self, categories: &[&str]) -> Result<Self, InvalidName> {
        categories.iter().try_for_each(|category| stream::check_category(category))?;
        Ok(Self { categories: categories.iter().map(|&category| category.into()).collect(), ..self })
    }

    /// Only events of these types.
    #[must_use]
    pub fn kinds(self, kinds: &[&str]) -> Self {
        Self { kinds: kinds.iter().map(|&kind| kind.into()).collect(), ..self }
    }

    /// Only events of streams in these virtual partitions.
    #[must_use]
    pub fn partitions(self, partitions: Partitions) -> Self {
        Self { partitions, ..self }
    }

    /// As [`partitions`](Self::partitions), of those that it let through before.
    pub(crate) fn within(self, partitions: Partitions) -> Self {
        let words = std::array::from_fn(|word| self.partitions.0[word] & partitions.0[word]);
        self.partitions(Partitions(words))
    }

    pub(crate) fn is_all(&self) -> bool {
        self.categories.is_empty() && self.kinds.is_empty() && self.partitions == Partitions::ALL
    }

    /// Whether it lets through events of this stream.
    #[must_use]
    pub fn takes(&self, stream: &StreamName) -> bool {
        let category = stream.category();
        (self.categories.is_empty() || self.categories.iter().any(|wanted| **wanted == *category))
            && (self.partitions == Partitions::ALL || self.partitions.contains(stream.partition()))
    }

    /// Whether it lets through events of this type.
    #[must_use]
    pub fn takes_kind(&self, kind: &str) -> bool {
        self.kinds.is_empty() || self.kinds.iter().any(|wanted| **wanted == *kind)
    }
}

/// A set of virtual partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partitions([u64; 4]);

impl Partitions {
    /// All of them.
    pub const ALL: Self = Self([u64::MAX; 4]);
    /// None of them.
    pub const NONE: Self = Self([0; 4]);

    /// With this one too.
    #[must_use]
    pub const fn with(mut self, partition: u8) -> Self {
        self.0[partition as usize / 64] |= 1 << (partition % 64);
        self
    }

    /// Whether this one is in it.
    #[must_use]
    pub const fn contains(&self, partition: u8) -> bool {
        self.0[partition as usize / 64] & (1 << (partition % 64)) != 0
    }

    /// Those of one of `segments` equal parts, counted from 0.
    #[must_use]
    pub fn of_segment(segment: u16, segments: u16) -> Self {
        (0..=u8::MAX).filter(|&it| segment_of(it, segments) == segment).fold(Self::NONE, Self::with)
    }

    pub(crate) fn union(self, other: Self) -> Self {
        let mut words = self.0;
        words.iter_mut().zip(other.0).for_each(|(word, more)| *word |= more);
        Self(words)
    }
}

/// Which of `segments` parts a partition belongs to.
pub(crate) fn segment_of(partition: u8, segments: u16) -> u16 {
    // At most 255 * 256.
    (u32::from(partition) * u32::from(segments) / u32::from(PARTITIONS)) as u16
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_partition_is_in_one_segment(segments in 1..=256_u16, partition: u8) {
            let holders = (0..segments).filter(|&it| Partitions::of_segment(it, segments).contains(partition));
            prop_assert_eq!(holders.collect::<Vec<_>>(), [segment_of(partition, segments)]);
        }
    }

    #[test]
    fn all_segments_together_are_all_partitions() {
        for segments in [1, 3, 16, 256] {
            let all = (0..segments).map(|it| Partitions::of_segment(it, segments));
            assert_eq!(all.fold(Partitions::NONE, Partitions::union), Partitions::ALL);
        }
    }
}
