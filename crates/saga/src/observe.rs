//! What becomes of sagas and of their steps, told to whoever counts them.

use uuid::Uuid;

use crate::{Direction, Phase};

/// What has happened to a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// Its participant is asked to take it, or to undo it.
    Asked(Direction),
    /// It is done.
    Done,
    /// It was refused.
    Refused,
    /// It will be done when somebody else moves its participant to.
    Deferred,
    /// It is undone.
    Undone,
}

/// Told of sagas once what they were told is committed. It is called on the writer's thread, so it returns at once;
/// nothing depends on it.
pub trait Observer: Send + Sync + 'static {
    /// Something has happened to a step of the saga `id`, which was begun in a trace.
    fn step(&self, saga: &'static str, id: Uuid, step: &str, event: Event, traceparent: Option<&str>) {
        let _ = (saga, id, step, event, traceparent);
    }

    /// The saga `id` has come to another phase.
    fn phase(&self, saga: &'static str, id: Uuid, phase: Phase) {
        let _ = (saga, id, phase);
    }
}
