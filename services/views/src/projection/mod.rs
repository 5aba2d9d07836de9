//! What views keep of an aggregate: its document, as its owner shows it to clients. Rules only, with no IO.
//!
//! Owners tell of an aggregate in one of two ways: what happened to it (events, with the versions before and after), or what it
//! is now (the document itself, with its version). A view is the same whichever it was told, and in whatever order it is
//! told of different aggregates; of one aggregate it goes from version to version:
//!
//! - what is not newer than the document changes nothing,
//! - a document that is newer replaces it,
//! - events go on from the version that they follow, and leave out what the document has already,
//! - events that follow a version which the document has not reached are a [`Gap`].
//!
//! **Invariant:** documents made of events are those that the owner would show, byte for byte: a view that is rebuilt from documents
//! equals the one that events have made.

mod customer;
mod order;
mod product;

#[cfg(test)]
mod tests;

use std::{
    fmt::{Debug, Display},
    str::FromStr,
};

use contracts::{customers::Customer, ordering::Order, warehouse::Product};
use serde::{Serialize, de::DeserializeOwned};

/// A kind of aggregate that views keep documents of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Who orders.
    Customer,
    /// What was ordered.
    Order,
    /// What can be ordered.
    Product,
}

impl Kind {
    /// Every one, in the order in which a rebuild asks for them.
    pub const ALL: [Self; 3] = [Self::Customer, Self::Product, Self::Order];

    /// What messages call it: the part of their type before the dot.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Order => "order",
            Self::Product => "product",
        }
    }

    /// The service that owns it.
    #[must_use]
    pub const fn owner(self) -> &'static str {
        match self {
            Self::Customer => "customers",
            Self::Order => "ordering",
            Self::Product => "warehouse",
        }
    }
}

/// What views keep of one aggregate.
pub trait Document: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its aggregate's id.
    type Id: Clone + Debug + Display + FromStr + Ord + Send + Sync + 'static;
    /// What happens to its aggregate.
    type Event: Clone + Debug + DeserializeOwned + Send + Sync + 'static;
    /// Its aggregate's kind.
    const KIND: Kind;

    /// Its aggregate's id.
    fn id(&self) -> Self::Id;

    /// How many events made it.
    fn version(&self) -> u64;

    /// What the first event makes; `None` if none begins with such an event.
    fn begun(id: &Self::Id, event: &Self::Event) -> Option<Self>;

    /// What a later event makes of it, apart from the version. It assigns, never checks and never panics.
    fn evolve(&mut self, event: &Self::Event);

    /// It was made by so many events.
    fn set_version(&mut self, version: u64);
}

/// What is told about one aggregate.
#[derive(Clone, Debug)]
pub struct Told<D: Document> {
    /// Which one.
    pub id: D::Id,
    /// What.
    pub news: News<D>,
}

/// What is told about an aggregate.
#[derive(Clone, Debug)]
pub enum News<D: Document> {
    /// What happened to it, at least one event.
    Events {
        /// The version that the first of them follows; 0 for the first of all.
        before: u64,
        /// They, in their order.
        events: Vec<D::Event>,
    },
    /// What it is, at its version.
    State(Box<D>),
}

impl<D: Document> News<D> {
    /// The version that it leads to.
    #[must_use]
    pub fn version(&self) -> u64 {
        match self {
            Self::Events { before, events } => before + events.len() as u64,
            Self::State(document) => document.version(),
        }
    }
}

/// What is told about an aggregate of whichever kind.
#[derive(Clone, Debug)]
pub enum Item {
    /// About a customer.
    Customer(Told<Customer>),
    /// About an order.
    Order(Told<Order>),
    /// About a product.
    Product(Told<Product>),
}

impl Item {
    /// What it is about.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Customer(_) => Kind::Customer,
            Self::Order(_) => Kind::Order,
            Self::Product(_) => Kind::Product,
        }
    }
}

/// Why what is told cannot be taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Gap {
    /// Something before it was not told yet.
    #[error("what is told follows version {before}, and the document is at {at}")]
    Missing {
        /// The version that it follows.
        before: u64,
        /// The version that is known.
        at: u64,
    },
    /// The first event of all is none that anything begins with.
    #[error("nothing begins with such an event")]
    NoBeginning,
}

/// The document after what is told, or `None` if it tells nothing new.
///
/// # Errors
/// [`Gap`] if something is missing before it. Nothing known is version 0.
pub fn next<D: Document>(known: Option<&D>, id: &D::Id, news: &News<D>) -> Result<Option<D>, Gap> {
    let at = known.map_or(0, Document::version);
    if news.version() <= at {
        return Ok(None);
    }
    match news {
        News::State(document) => Ok(Some((**document).clone())),
        News::Events { before, .. } if *before > at => Err(Gap::Missing { before: *before, at }),
        News::Events { before, events } => {
            let known_already = usize::try_from(at - before).unwrap_or(usize::MAX);
            let new = events.get(known_already..).unwrap_or_default();
            let (mut document, new) = match (known, new) {
                (Some(known), new) => (known.clone(), new),
                (None, [first, new @ ..]) => (D::begun(id, first).ok_or(Gap::NoBeginning)?, new),
                (None, []) => return Ok(None),
            };
            new.iter().for_each(|event| document.evolve(event));
            document.set_version(news.version());
            Ok(Some(document))
        }
    }
}
