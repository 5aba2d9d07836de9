//! The parts of an order that others own.

use axum::http::StatusCode;
use chassis::{
    client::{Call, Error, Response},
    context::Context,
    problem::chain,
};
use contracts::{OrderId, ordering::Warning, page::Page};
use serde_json::value::RawValue;

use super::Known;
use crate::{routes::Owner, upstream::Upstream};

/// A part of an order that another service owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Shipment,
    Invoice,
}

impl Part {
    pub(super) const ALL: [Self; 2] = [Self::Shipment, Self::Invoice];

    /// The order's field for it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Shipment => "shipment",
            Self::Invoice => "invoice",
        }
    }

    const fn owner(self) -> Owner {
        match self {
            Self::Shipment => Owner::Shipping,
            Self::Invoice => Owner::Billing,
        }
    }

    /// Asks its owner for that of an order.
    pub(super) async fn ask(self, upstream: &Upstream, context: &Context, id: OrderId) -> Known {
        let url = format!("{}/v1/{}s?order_id={id}", upstream.endpoints.of(self.owner()), self.name());
        let call =
            Call::get(url).to(self.owner().name()).for_context(context).within(upstream.patience(context));
        let answered = upstream.client.send(call).await;
        answered.map_err(|error| chain(&error)).and_then(|answer| first(&answer)).map_err(|reason| {
            tracing::warn!(order.id = %id, reason, "no {}", self.name());
            self.unavailable()
        })
    }

    fn unavailable(self) -> Warning {
        let (name, owner) = (self.name(), self.owner().name());
        Warning {
            code: format!("{}_UNAVAILABLE", name.to_uppercase()),
            detail: format!(
                "The {owner} service did not answer in time; the order may have one {name} nevertheless."
            ),
        }
    }
}

/// The one that the list has, if any; or why nobody can say.
fn first(answer: &Response) -> Result<Option<Box<RawValue>>, String> {
    if answer.status != StatusCode::OK {
        return Err(format!("the answer is {}", answer.status));
    }
    let page: Result<Page<Box<RawValue>>, Error> = answer.json();
    page.map(|page| page.items.into_iter().next()).map_err(|error| chain(&error))
}
