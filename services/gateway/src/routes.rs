//! Who answers what: the whole public API, in one table.

use axum::{
    Router,
    extract::{Request, State},
    routing::{MethodFilter, MethodRouter, on},
};
use chassis::problem::Problem;

use crate::{client::Client, forward::forward, order, timeline, upstream::Upstream};

/// A service that owns a part of what clients see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Who orders.
    Customers,
    /// What was ordered.
    Ordering,
    /// What can be ordered.
    Warehouse,
    /// How it is shipped.
    Shipping,
    /// Whether it was paid.
    Billing,
}

impl Owner {
    /// Every one.
    pub const ALL: [Self; 5] = [Ordering, Customers, Warehouse, Shipping, Billing];

    /// The service's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Customers => "customers",
            Self::Ordering => "ordering",
            Self::Warehouse => "warehouse",
            Self::Shipping => "shipping",
            Self::Billing => "billing",
        }
    }
}

/// Who answers a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnsweredBy {
    /// The owner, whose answer is handed on.
    Owner(Owner),
    /// The gateway, which puts an order together from its owners.
    Composition,
    /// The gateway, which puts together what every service did about an order.
    Timeline,
    /// Nobody yet: 501, and why.
    Nobody(&'static str),
}

/// One call of the public API.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// The method, in capitals; `GET` answers `HEAD` too.
    pub method: &'static str,
    /// The template of the path.
    pub path: &'static str,
    /// Who answers.
    pub answered_by: AnsweredBy,
}

use Owner::{Billing, Customers, Ordering, Shipping, Warehouse};

/// Every call of the public API; what is not here cannot be reached.
pub const ROUTES: &[Route] = &[
    owned("POST", "/v1/customers", Customers),
    owned("GET", "/v1/customers", Customers),
    owned("GET", "/v1/customers/{id}", Customers),
    owned("PATCH", "/v1/customers/{id}", Customers),
    owned("GET", "/v1/customers/{id}/history", Customers),
    owned("POST", "/v1/products", Warehouse),
    owned("GET", "/v1/products", Warehouse),
    owned("GET", "/v1/products/{sku}", Warehouse),
    owned("PATCH", "/v1/products/{sku}", Warehouse),
    owned("POST", "/v1/products/{sku}/restock", Warehouse),
    owned("POST", "/v1/products/{sku}/corrections", Warehouse),
    owned("GET", "/v1/products/{sku}/history", Warehouse),
    owned("POST", "/v1/orders", Ordering),
    owned("GET", "/v1/orders", Ordering),
    Route { method: "GET", path: "/v1/orders/{id}", answered_by: AnsweredBy::Composition },
    owned("POST", "/v1/orders/{id}/items", Ordering),
    owned("PUT", "/v1/orders/{id}/items/{sku}", Ordering),
    owned("DELETE", "/v1/orders/{id}/items/{sku}", Ordering),
    owned("POST", "/v1/orders/{id}/place", Ordering),
    owned("POST", "/v1/orders/{id}/cancel", Ordering),
    owned("GET", "/v1/orders/{id}/events", Ordering),
    Route { method: "GET", path: "/v1/orders/{id}/timeline", answered_by: AnsweredBy::Timeline },
    owned("GET", "/v1/orders/{id}/history", Ordering),
    owned("GET", "/v1/shipments", Shipping),
    owned("GET", "/v1/invoices", Billing),
    owned("POST", "/v1/invoices/{id}/pay", Billing),
    Route {
        method: "GET",
        path: "/v1/views/{view}",
        answered_by: AnsweredBy::Nobody("Views over several services are not kept yet."),
    },
];

const fn owned(method: &'static str, path: &'static str, owner: Owner) -> Route {
    Route { method, path, answered_by: AnsweredBy::Owner(owner) }
}

/// The API of the style that `upstream` reaches.
pub(crate) fn router(upstream: Upstream) -> Router {
    let add = |router: Router<Upstream>, route: &Route| router.route(route.path, handler(route));
    ROUTES.iter().fold(Router::new(), add).with_state(upstream)
}

fn handler(route: &Route) -> MethodRouter<Upstream> {
    let method = match route.method {
        "POST" => MethodFilter::POST,
        "PUT" => MethodFilter::PUT,
        "PATCH" => MethodFilter::PATCH,
        "DELETE" => MethodFilter::DELETE,
        _ => MethodFilter::GET,
    };
    match route.answered_by {
        AnsweredBy::Owner(owner) => {
            let handler =
                async move |State(upstream): State<Upstream>, Client(context): Client, request: Request| {
                    forward(&upstream, owner, &context, request).await
                };
            on(method, handler)
        }
        AnsweredBy::Composition => on(method, order::show),
        AnsweredBy::Timeline => on(method, timeline::show),
        AnsweredBy::Nobody(why) => on(method, async move || Problem::not_implemented(why)),
    }
}
