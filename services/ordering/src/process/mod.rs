//! The process of an order: what follows once it is placed, is to be cancelled, or another service has told something.
//!
//! There are two ways. In the styles `rest` and `messaging` ordering [orchestrates](Orchestrated): a saga asks the other
//! services, and both run this same definition. Where services follow each other's events instead, nobody asks.
//! How a service is reached stands in [`styles`](crate::styles).

mod place_order;
mod replies;
mod requests;

mod choreographed;
mod orchestrated;

use contracts::OrderId;
use database::Transaction;

pub use choreographed::reported_outcome;
pub use orchestrated::Orchestrated;
pub use place_order::{PlaceOrder, Step};
pub use replies::{Meaning, meaning};
pub use requests::{Addressed, Command, Participant, Reply, Request, request};

use crate::{book::Book, domain::Order, error::Error};

/// Who decides what is to be done next for an order.
#[derive(Debug)]
pub enum Process {
    /// Ordering does: its saga asks the others, one after the other.
    Orchestrated(Orchestrated),
    /// Nobody does: each service reacts to what the others report, and so does ordering.
    Choreographed,
}

impl Process {
    /// The order was placed, by a request in the trace `traceparent`.
    pub(crate) async fn placed(
        &self,
        tx: &mut Transaction,
        id: OrderId,
        order: &Order,
        traceparent: Option<String>,
    ) -> Result<(), Error> {
        match self {
            Self::Orchestrated(saga) => saga.placed(tx, id, order, traceparent).await,
            Self::Choreographed => Ok(()), // whoever follows orders has seen it
        }
    }

    /// The order is to be cancelled, and there may still be a way back.
    pub(crate) async fn cancelled(
        &self,
        tx: &mut Transaction,
        id: OrderId,
        order: &Order,
    ) -> Result<(), Error> {
        match self {
            Self::Orchestrated(saga) => saga.cancelled(tx, id, order).await,
            Self::Choreographed => Ok(choreographed::cancelled(tx, id).await?), // likewise
        }
    }

    /// Another service has answered or reported: the order is told what that means to it.
    pub(crate) async fn replied(
        &self,
        tx: &mut Transaction,
        book: &Book,
        id: OrderId,
        reply: &Reply,
    ) -> Result<(), Error> {
        match self {
            Self::Orchestrated(saga) => saga.replied(tx, book, id, reply).await,
            Self::Choreographed => choreographed::reported(tx, book, id, reply).await,
        }
    }
}
