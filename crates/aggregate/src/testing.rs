//! Given what happened, when something is asked, then this happens: the vocabulary of every domain's tests.

use crate::Aggregate;

/// The past of an aggregate under test.
#[derive(Clone, Debug)]
pub struct Given<A: Aggregate> {
    state: A,
}

/// What an aggregate under test answered.
#[derive(Debug)]
#[must_use = "say what should have happened"]
pub struct When<A: Aggregate> {
    before: A,
    answer: Result<Vec<A::Event>, A::Refusal>,
}

/// An aggregate to which this happened.
pub fn given<A: Aggregate>(events: impl IntoIterator<Item = A::Event>) -> Given<A> {
    let events: Vec<A::Event> = events.into_iter().collect();
    Given { state: A::fold(&events) }
}

impl<A: Aggregate> Given<A> {
    /// This was asked of it.
    pub fn when(&self, command: A::Command) -> When<A> {
        When { before: self.state.clone(), answer: self.state.decide(&command) }
    }

    /// The state that its past made.
    pub const fn state(&self) -> &A {
        &self.state
    }
}

impl<A: Aggregate> When<A> {
    /// Exactly this happened.
    ///
    /// # Panics
    /// If something else did.
    #[track_caller]
    pub fn then(self, expected: impl IntoIterator<Item = A::Event>) {
        let expected: Vec<A::Event> = expected.into_iter().collect();
        assert_eq!(self.answer, Ok(expected), "asked of {:#?}", self.before);
    }

    /// Nothing happened, and that is no error.
    ///
    /// # Panics
    /// If something did.
    #[track_caller]
    pub fn then_nothing(self) {
        self.then([]);
    }

    /// It was refused for this cause.
    ///
    /// # Panics
    /// If it was not, or for another.
    #[track_caller]
    pub fn refused(self, expected: A::Refusal) {
        assert_eq!(self.answer, Err(expected), "asked of {:#?}", self.before);
    }
}
