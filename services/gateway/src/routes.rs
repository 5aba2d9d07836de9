//! Who answers what: the whole public API, in one table.

use axum::{
    Router,
    extract::{Request, State},
    response::IntoResponse,
    routing::{MethodFilter, MethodRouter, on},
};
use chassis::problem::Problem;

use crate::{client::Client, forward::forward, order, timeline, upstream::Upstream, valuable};

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
    /// What is looked for across services.
    Views,
}

impl Owner {
    /// Those that do something about an order.
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
            Self::Views => "views",
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
    /// The query side; where a style has none, whoever stands in.
    Views(StandIn),
}

/// Who answers a question across services in a style without a query side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StandIn {
    /// An owner, who can answer it alone.
    Owner(Owner),
    /// The gateway, which asks owners for whatever it takes.
    ValuableCustomers,
    /// Nobody: 501.
    Nobody,
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
    viewed("/v1/orders", StandIn::Owner(Ordering)),
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
    viewed("/v1/views/recent-valuable-customers", StandIn::ValuableCustomers),
    viewed("/v1/views/order-history", StandIn::Nobody),
    viewed("/v1/views/stock", StandIn::Nobody),
];

const fn owned(method: &'static str, path: &'static str, owner: Owner) -> Route {
    Route { method, path, answered_by: AnsweredBy::Owner(owner) }
}

const fn viewed(path: &'static str, stand_in: StandIn) -> Route {
    Route { method: "GET", path, answered_by: AnsweredBy::Views(stand_in) }
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
        AnsweredBy::Views(stand_in) => {
            let handler =
                async move |State(upstream): State<Upstream>, Client(context): Client, request: Request| {
                    match stand_in {
                        _ if upstream.endpoints.views.is_some() => {
                            forward(&upstream, Owner::Views, &context, request).await
                        }
                        StandIn::Owner(owner) => forward(&upstream, owner, &context, request).await,
                        StandIn::ValuableCustomers => valuable::compose(&upstream, &context, request).await,
                        StandIn::Nobody => Err(no_views().into_response()),
                    }
                };
            on(method, handler)
        }
    }
}

fn no_views() -> Problem {
    Problem::not_implemented("This style has no query side; ask another one.")
}
