//! What a saga is made of.

use std::{fmt::Debug, hash::Hash};

use serde::{Serialize, de::DeserializeOwned};

/// A saga's steps, in the order in which they are taken; the reverse is the order in which they are undone.
///
/// After Garcia-Molina and Salem, *Sagas* (SIGMOD 1987), with the pivot of Mehrotra et al., *The Concurrency Control
/// Problem in Multidatabases* (SIGMOD 1992): steps before the pivot can be undone, steps after it cannot fail.
pub trait Definition: Clone + std::fmt::Debug + Eq + Send + Sync + 'static {
    /// What the saga is called in its store, its log and its metrics.
    const NAME: &'static str;

    /// The version of the steps. A row names the version that began it, and a runner takes those it knows.
    const VERSION: u32;

    /// Names a step.
    type Step: Copy + Debug + Eq + Ord + Hash + Serialize + DeserializeOwned + Send + Sync + 'static;

    /// The steps. Exactly one is the pivot, the compensatable ones come before it and the retriable ones after it.
    fn steps() -> &'static [StepSpec<Self::Step>];
}

/// One step of a saga.
#[derive(Clone, Copy, Debug)]
pub struct StepSpec<S: 'static> {
    /// Which one.
    pub step: S,
    /// The steps that have to be done before it is taken.
    pub after: &'static [S],
    /// What may become of it.
    pub role: Role,
}

/// What may become of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It may be refused, and it can be undone.
    Compensatable,
    /// It may be refused, and its undo may come too late; once it is done the saga only goes forward.
    Pivot,
    /// It is repeated until it is done.
    Retriable,
}
