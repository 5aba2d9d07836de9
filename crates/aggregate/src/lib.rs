#![doc = include_str!("../README.md")]

mod boxed;
mod repository;
pub mod testing;

use std::fmt::Debug;

pub use boxed::AnyRepository;
pub use repository::{Change, Failed, Failure, Repository, Versioned, decide, execute};

/// Something whose state is the sum of what happened to it, and which alone decides what may happen next.
///
/// Both functions are pure: no clock, no id generator, no IO. What a rule needs from outside comes in with the
/// command.
pub trait Aggregate: Clone + Debug + Default + PartialEq + Send + Sync + 'static {
    /// What it is called where aggregates are listed: a stream's category, a log line.
    const NAME: &'static str;

    /// What one is found by.
    type Id: Clone + Debug + Eq + Ord + Send + Sync + 'static;

    /// Which of its parts a command needs, where an aggregate has more parts than should be loaded for one command
    /// (a product has a reservation for every order that ever asked for it). A repository may leave out the others.
    type Scope: Clone + Debug + Default + Send + Sync + 'static;

    /// What can be asked of it; imperative.
    type Command: Debug + Send + Sync;

    /// What can happen to it; past tense.
    type Event: Clone + Debug + PartialEq + Send + Sync + 'static;

    /// Why it may say no; each variant states a cause.
    type Refusal: std::error::Error + PartialEq + Send + Sync + 'static;

    /// What would happen on this command. Nothing, if it happened already: a command repeated is not an error.
    ///
    /// # Errors
    /// The refusal, if the command is against the rules in this state.
    fn decide(&self, command: &Self::Command) -> Result<Vec<Self::Event>, Self::Refusal>;

    /// Takes what happened into the state. Total: it assigns, never checks and never panics, since what happened
    /// happened.
    fn evolve(&mut self, event: &Self::Event);

    /// The state after these events, from nothing.
    #[must_use]
    fn fold<'a>(events: impl IntoIterator<Item = &'a Self::Event>) -> Self
    where
        Self::Event: 'a,
    {
        events.into_iter().fold(Self::default(), |mut state, event| {
            state.evolve(event);
            state
        })
    }
}
