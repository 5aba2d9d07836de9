//! How a service reaches others.

use std::{fmt, sync::Arc};

use choreography::callbacks::Addresses;
use contracts::Style;
use event_store::Ledger;
use messaging::Broker;

/// How others reach a service and it reaches them, with what each way needs: in `rest` that is `R`, another for each service.
#[derive(Clone)]
pub enum Reach<R> {
    /// By HTTP.
    Rest(R),
    /// By messages over this broker.
    Messaging(Arc<dyn Broker>),
    /// They hear over this broker that something happened, and ask for the rest; so does it, at these addresses.
    Notification(Arc<dyn Broker>, Addresses),
    /// They hear over this broker what has become of everything; so does it.
    StateTransfer(Arc<dyn Broker>),
    /// They follow this ledger, in which everything is kept; so does it.
    EventSourcing(Ledger),
}

impl<R> Reach<R> {
    /// The style that this is.
    #[must_use]
    pub const fn style(&self) -> Style {
        match self {
            Self::Rest(_) => Style::Rest,
            Self::Messaging(_) => Style::Messaging,
            Self::Notification(..) => Style::Notification,
            Self::StateTransfer(_) => Style::StateTransfer,
            Self::EventSourcing(_) => Style::EventSourcing,
        }
    }
}

impl<R> fmt::Debug for Reach<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.style().as_str())
    }
}
