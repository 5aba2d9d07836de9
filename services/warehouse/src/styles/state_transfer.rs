//! `state-transfer`: others hear what has become of everything, and keep it; so does the service.

use ::choreography::{Copies, Means, Reports, State, reports::Document};
use contracts::warehouse::Reply;
use messaging::publishing::Content;

use crate::{domain::Product, view};

/// Fat events; what the service has to know of others it has been told.
#[must_use]
pub fn means() -> Means<impl Content<Product> + Clone, impl Content<Reports<Reply>> + Clone, Copies> {
    let events = State(|id: &_, product: &_| view::of(Clone::clone(id), product));
    let reports = State(|order: &_, reports: &_| Document::of(*order, reports));
    Means { events, reports, source: Copies::of(&["order"]) }
}
