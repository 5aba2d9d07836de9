//! What a recorder of spans keeps to: a layer of the process's subscriber, of which libraries know nothing but this.

use std::{cell::Cell, sync::OnceLock};

use tracing::{Dispatch, span::Id};

use crate::Trace;

/// Where a span of a subscriber is, if it or one around it is recorded.
pub type PlaceOf = fn(&Dispatch, &Id) -> Option<Trace>;

static PLACE_OF: OnceLock<PlaceOf> = OnceLock::new();

/// Says that this process records spans, so that those that are only worth their price then are made, and how to learn where
/// one is. Said once; again, it changes nothing.
pub fn switch_on(place_of: PlaceOf) {
    let _ = PLACE_OF.set(place_of);
}

pub(crate) fn is_on() -> bool {
    PLACE_OF.get().is_some()
}

pub(crate) fn place_of(dispatch: &Dispatch, id: &Id) -> Option<Trace> {
    PLACE_OF.get().and_then(|place_of| place_of(dispatch, id))
}

/// What passes between [`child_of`](crate::child_of) and the recorder, on the thread that makes a span.
#[derive(Clone, Copy)]
pub(crate) enum Handover {
    Nothing,
    Parent(Trace),
    Place(Trace),
}

thread_local! {
    pub(crate) static HANDOVER: Cell<Handover> = const { Cell::new(Handover::Nothing) };
}

/// Where the span that is being made goes on from: for the recorder, within `on_new_span`. `None` for a span that was made
/// without [`child_of`](crate::child_of), whose parent is the span around it.
#[must_use]
pub fn take_parent() -> Option<Trace> {
    match HANDOVER.replace(Handover::Nothing) {
        Handover::Parent(parent) => Some(parent),
        Handover::Nothing | Handover::Place(_) => None,
    }
}

/// Where the span that is being made is, if it is recorded.
pub fn give_place(place: Trace) {
    HANDOVER.set(Handover::Place(place));
}
