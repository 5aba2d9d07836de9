//! What events carry where nobody is in charge: next to nothing, or everything.

use std::fmt;

use aggregate::{Aggregate, Change, Versioned};
use messaging::{Data, publishing::Content};
use serde::Serialize;

/// Nothing but that something happened: its type, the aggregate's id and its version. Whoever wants to know more asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notice;

impl<A: Aggregate<Event: Serialize>> Content<A> for Notice {
    fn kind(&self, change: &Change<A>) -> String {
        last_event(change)
    }

    fn data(&self, _change: &Change<A>) -> Result<Data, serde_json::Error> {
        Ok(Data::default())
    }
}

/// All that the aggregate has become, as a document made by `F` of its id, its state and its version.
#[derive(Clone, Copy)]
pub struct State<F>(pub F);

impl<A, F, D> Content<A> for State<F>
where
    A: Aggregate<Event: Serialize>,
    F: Fn(&A::Id, &Versioned<A>) -> D + Send + Sync + 'static,
    D: Serialize,
{
    fn kind(&self, change: &Change<A>) -> String {
        last_event(change)
    }

    fn data(&self, change: &Change<A>) -> Result<Data, serde_json::Error> {
        Data::of(&(self.0)(&change.id, &change.result()))
    }
}

impl<F> fmt::Debug for State<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("State")
    }
}

/// A change is one message, called as the last of its events: what others react to is decided by itself, and comes last.
fn last_event<A: Aggregate<Event: Serialize>>(change: &Change<A>) -> String {
    change.events.last().map(journal::event_name::<A>).unwrap_or_default()
}
