//! What messages tell: the one place where an envelope becomes news of an aggregate.
//!
//! A style tells by [`events`] or by [`state`]; what an owner [republishes](messaging::republish) is a state in every style.
//! A consumer that has to fetch what a thin message is about makes its news of what it fetched, by [`state_of`].

use std::str::FromStr;

use contracts::{customers::Customer, ordering::Order, warehouse::Product};
use messaging::{Data, Envelope, HandlerError, publishing, republish};

use crate::projection::{Document, Item, Kind, News, Told};

/// How the messages of a style tell.
pub type Reads = fn(&Envelope) -> Result<Item, HandlerError>;

/// What a message that carries events tells.
///
/// # Errors
/// [`HandlerError::Unknown`] for an aggregate that views keep nothing of, [`HandlerError::Hopeless`] for another payload than
/// its type says.
pub fn events(message: &Envelope) -> Result<Item, HandlerError> {
    if republish::run_of(message).is_some() {
        return state(message);
    }
    let (kind, subject) = about(message)?;
    Ok(match kind {
        Kind::Customer => Item::Customer(happened(id(subject)?, message)?),
        Kind::Order => Item::Order(happened(id(subject)?, message)?),
        Kind::Product => Item::Product(happened(id(subject)?, message)?),
    })
}

/// What a message that carries the whole document tells.
///
/// # Errors
/// As [`events`].
pub fn state(message: &Envelope) -> Result<Item, HandlerError> {
    document_about(message, &message.data)
}

/// What the document of what a message is about tells.
///
/// # Errors
/// As [`events`].
pub fn document_about(message: &Envelope, document: &Data) -> Result<Item, HandlerError> {
    state_of(about(message)?.0, document)
}

/// What a document of an aggregate of this kind tells.
///
/// # Errors
/// [`HandlerError::Hopeless`] if it is none.
pub fn state_of(kind: Kind, document: &Data) -> Result<Item, HandlerError> {
    Ok(match kind {
        Kind::Customer => Item::Customer(is::<Customer>(document)?),
        Kind::Order => Item::Order(is::<Order>(document)?),
        Kind::Product => Item::Product(is::<Product>(document)?),
    })
}

fn about(message: &Envelope) -> Result<(Kind, &str), HandlerError> {
    let named = |kind: &Kind| kind.name() == message.aggregate_type();
    let kind = Kind::ALL.into_iter().find(named).ok_or(HandlerError::Unknown)?;
    Ok((kind, &message.subject))
}

fn id<I: FromStr>(subject: &str) -> Result<I, HandlerError> {
    subject.parse().map_err(|_| HandlerError::Hopeless("the subject names no such aggregate".into()))
}

fn happened<D: Document>(id: D::Id, message: &Envelope) -> Result<Told<D>, HandlerError> {
    let told = publishing::events::<D::Event>(message).map_err(HandlerError::malformed)?;
    let Some((first, _)) = told.first() else {
        return Err(HandlerError::Hopeless("it tells of no event".into()));
    };
    let before = first.saturating_sub(1);
    Ok(Told { id, news: News::Events { before, events: told.into_iter().map(|(_, event)| event).collect() } })
}

fn is<D: Document>(document: &Data) -> Result<Told<D>, HandlerError> {
    let document: D = document.parse().map_err(HandlerError::malformed)?;
    Ok(Told { id: document.id(), news: News::State(Box::new(document)) })
}
