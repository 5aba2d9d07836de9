//! `state-transfer`: others hear what has become of everything, and keep it; so does the service.

use ::choreography::{Copies, Means, Reports, State, reports::Document};
use contracts::customers::Reply;
use messaging::publishing::Content;

use crate::{domain::Customer, view};

/// Fat events; what the service has to know of others it has been told.
#[must_use]
pub fn means() -> Means<impl Content<Customer> + Clone, impl Content<Reports<Reply>> + Clone, Copies> {
    let events = State(|id: &_, customer: &_| view::of(Clone::clone(id), customer));
    let reports = State(|order: &_, reports: &_| Document::of(*order, reports));
    Means { events, reports, source: Copies::of(&["order"]) }
}
