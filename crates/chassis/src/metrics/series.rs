//! What a hot path counts with, resolved from labels by one look-up.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{Arc, OnceLock, PoisonError, RwLock},
};

/// The label of whatever comes after there were too many.
pub const OTHER: &str = "other";

/// How many sets of labels there may be, unless told otherwise.
const MOST: usize = 512;

/// The handles that are counted with for each set of `N` labels, made when a set is first seen.
///
/// Labels that come from elsewhere (the types of messages, say) are thereby bounded: once there are too many sets, a
/// new one is counted as [`OTHER`].
#[derive(Debug)]
pub struct Series<const N: usize, T> {
    most: usize,
    hasher: RandomState,
    known: RwLock<AllKnown<N, T>>,
    /// The handles of [`OTHER`], beside which there are `most`.
    other: OnceLock<Arc<T>>,
}

#[derive(Debug)]
struct AllKnown<const N: usize, T> {
    count: usize,
    /// By the hash of the labels, so that a look-up allocates nothing.
    by_hash: HashMap<u64, Vec<Known<N, T>>>,
}

type Known<const N: usize, T> = ([Box<str>; N], Arc<T>);

impl<const N: usize, T> Default for Series<N, T> {
    fn default() -> Self {
        Self::at_most(MOST)
    }
}

impl<const N: usize, T> Series<N, T> {
    /// So many sets of labels, and one of [`OTHER`].
    #[must_use]
    pub fn at_most(most: usize) -> Self {
        let known = RwLock::new(AllKnown { count: 0, by_hash: HashMap::new() });
        Self { most, hasher: RandomState::new(), known, other: OnceLock::new() }
    }

    /// The handles of these labels. Whether they are known or too many, others may look at the same time.
    pub fn of(&self, labels: [&str; N], make: impl Fn([&str; N]) -> T) -> Arc<T> {
        let hash = self.hasher.hash_one(labels);
        {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(found) = known.find(hash, labels) {
                return found;
            }
            if known.count >= self.most {
                return self.other(make);
            }
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have been faster.
        if let Some(found) = known.find(hash, labels) {
            return found;
        }
        if known.count >= self.most {
            return self.other(make);
        }
        let made = Arc::new(make(labels));
        known.by_hash.entry(hash).or_default().push((labels.map(Box::from), made.clone()));
        known.count += 1;
        made
    }

    fn other(&self, make: impl Fn([&str; N]) -> T) -> Arc<T> {
        self.other.get_or_init(|| Arc::new(make([OTHER; N]))).clone()
    }
}

impl<const N: usize, T> AllKnown<N, T> {
    fn find(&self, hash: u64, labels: [&str; N]) -> Option<Arc<T>> {
        let same = |known: &[Box<str>; N]| known.iter().zip(labels).all(|(known, label)| **known == *label);
        let alike = self.by_hash.get(&hash)?;
        alike.iter().find(|(known, _)| same(known)).map(|(_, handles)| handles.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_labels_have_the_same_handles() {
        let series = Series::<2, String>::default();
        let join = |labels: [&str; 2]| labels.join("/");
        let first = series.of(["a", "bc"], join);
        assert!(Arc::ptr_eq(&first, &series.of(["a", "bc"], |_| unreachable!())));
        assert_eq!(*series.of(["ab", "c"], join), "ab/c");
    }

    #[test]
    fn once_there_are_too_many_the_rest_is_counted_together() {
        let series = Series::<1, String>::at_most(2);
        let name = |labels: [&str; 1]| labels[0].to_owned();
        let told: Vec<_> = ["a", "b", "c", "d", "a"].map(|label| series.of([label], name)).to_vec();
        assert_eq!(told.iter().map(|it| it.as_str()).collect::<Vec<_>>(), ["a", "b", OTHER, OTHER, "a"]);
        assert!(Arc::ptr_eq(&told[2], &told[3]));
        assert_eq!(series.known.read().unwrap().by_hash.len(), 2, "what is not known leaves nothing");
    }
}
