//! Reports: what a service tells everybody about its part in an order.
//!
//! Where somebody is in charge, a service answers whoever asked. Where nobody is, it says the same to everybody: the answer
//! becomes the next event of a small aggregate of its own, the service's reports about that order. So it has a version, is
//! kept wherever aggregates are kept, and is published as every other event is.

mod http;
mod rows;

use std::{convert::Infallible, fmt::Debug};

use aggregate::{Aggregate, AnyRepository, Failure, Versioned};
use contracts::OrderId;
use database::{Error, Transaction};
use event_store::{EventSourced, EventTypes, StreamName};
use journal::Cause;
use messaging::answers::{self, Late, Saying};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use uuid::Uuid;

pub use http::routes;
pub use rows::{Rows, SCHEMA, STATEMENTS};

/// What a service says about its part in an order: its answers, had it been asked.
pub trait Report: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Whose reports these are: the service's name, with which the types of the events begin.
    const SERVICE: &'static str;

    /// The reports that are in a ledger, in all their versions.
    fn types() -> EventTypes<Self>;
}

impl Report for contracts::customers::Reply {
    const SERVICE: &'static str = "customers";

    fn types() -> EventTypes<Self> {
        published::reports::customers()
    }
}

impl Report for contracts::warehouse::Reply {
    const SERVICE: &'static str = "warehouse";

    fn types() -> EventTypes<Self> {
        published::reports::warehouse()
    }
}

impl Report for contracts::shipping::Reply {
    const SERVICE: &'static str = "shipping";

    fn types() -> EventTypes<Self> {
        published::reports::shipping()
    }
}

impl Report for contracts::billing::Reply {
    const SERVICE: &'static str = "billing";

    fn types() -> EventTypes<Self> {
        published::reports::billing()
    }
}

/// All that a service has said about one order, first to last: a handful.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Reports<R>(pub Vec<R>);

impl<R> Default for Reports<R> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<R: Report> Aggregate for Reports<R> {
    const NAME: &'static str = R::SERVICE;
    type Id = OrderId;
    type Scope = ();
    /// What is to be said.
    type Command = R;
    type Event = R;
    /// Nothing that is true is left unsaid.
    type Refusal = Infallible;

    /// What was said last is not said again.
    fn decide(&self, report: &R) -> Result<Vec<R>, Infallible> {
        let said = self.0.last() == Some(report);
        Ok(if said { vec![] } else { vec![report.clone()] })
    }

    fn evolve(&mut self, report: &R) {
        self.0.push(report.clone());
    }
}

/// In a ledger, the reports about an order are a stream of their service's.
impl<R: Report> EventSourced for Reports<R> {
    const STATE_SCHEMA: &'static str = "1";

    fn event_types() -> EventTypes<R> {
        R::types()
    }

    fn stream_id(order: &OrderId) -> String {
        order.to_string()
    }

    fn id_of(stream: &StreamName) -> Option<OrderId> {
        stream.id().parse().ok()
    }
}

/// The reports about an order, as others see them: the one of version `n` is the `n`th.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document<R> {
    /// The order.
    pub order_id: OrderId,
    /// How many there are.
    pub version: u64,
    /// All of them, first to last.
    pub reports: Vec<R>,
}

impl<R: Clone> Document<R> {
    /// The reports about an order.
    #[must_use]
    pub fn of(order_id: OrderId, reports: &Versioned<Reports<R>>) -> Self {
        Self { order_id, version: reports.version, reports: reports.state.0.clone() }
    }

    /// The report of this version, if it was made by then.
    #[must_use]
    pub fn at(&self, version: u64) -> Option<&R> {
        self.reports.get(usize::try_from(version).ok()?.checked_sub(1)?)
    }
}

/// A [`Document`] of which one report is wanted, word for word.
#[derive(Deserialize)]
pub(crate) struct Reported<'a> {
    #[serde(borrow)]
    pub(crate) reports: Vec<&'a RawValue>,
}

/// Makes the reports of one service; clones make the same ones.
#[derive(Clone, Debug)]
pub struct Reporter<R: Report>(AnyRepository<Reports<R>, Transaction, Error>);

impl<R: Report> Reporter<R> {
    /// Reports that are kept there, and published by whoever keeps them.
    pub const fn new(reports: AnyRepository<Reports<R>, Transaction, Error>) -> Self {
        Self(reports)
    }

    /// Says something about an order, unless it was what was said last.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn report(&self, tx: &mut Transaction, order: OrderId, report: &R) -> Result<(), Error> {
        match aggregate::execute(&self.0, tx, &order, &(), report).await {
            Ok(_) => Ok(()),
            Err(Failure::Store(error)) => Err(error),
            Err(Failure::Refused(never)) => match never {},
        }
    }

    /// All that was said about an order; nothing at version 0.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn about(&self, tx: &mut Transaction, order: OrderId) -> Result<Document<R>, Error> {
        let loaded = aggregate::Repository::load(&self.0, tx, &[order], &()).await?;
        Ok(Document::of(order, &loaded.into_iter().next().unwrap_or_default()))
    }
}

/// What is said late is said as everything is, in the trace of what it follows from.
impl<R: Report> Late<R> for Reporter<R> {
    fn say<'a>(
        &'a self,
        tx: &'a mut Transaction,
        subject: Uuid,
        _number: u32,
        report: &'a R,
        _cause: &'a Cause,
    ) -> Saying<'a> {
        Box::pin(async move { Ok::<_, answers::Error>(self.report(tx, subject.into(), report).await?) })
    }
}
