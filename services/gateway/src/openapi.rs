//! The description of the API: OpenAPI 3.1, made of what each service says of its own part.
//!
//! The gateway depends on no service, so whoever wires it has the parts: [`merged`] puts them together. A gateway that runs
//! alone serves [`committed`], which is kept beside the code and held against it by a test of those who know all services.
//! Asking the services at the start instead would make the start wait for them, and the document depend on which of their versions
//! answers first.

use axum::{Router, body::Bytes, http::header, routing::get};
use contracts::problem::{FieldError, Problem};
use serde_json::Error;
use utoipa::OpenApi as _;
use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Server, Tag, tag::TagBuilder,
};

use crate::{routes::ROUTES, timeline};

mod headers;
mod operations;

/// What every client should know.
const ABOUT: &str = "Customers order products and have them shipped and billed. Money is in minor units; times are RFC 3339 in \
     UTC. Every answer carries `x-trace-id`, every error is an `application/problem+json` with a stable `code`, and every \
     request may set its deadline in `x-request-timeout-ms`. A gateway that serves several styles has the same API under \
     `/{style}/v1`.";

/// The parts of the API, in the order in which a newcomer meets them.
const TAGS: [(&str, &str); 6] = [
    ("customers", "Who orders, and how much they may owe."),
    ("products", "What can be ordered, at which price, and how much of it there is."),
    ("orders", "What was ordered, and how far it has come."),
    ("shipments", "How the goods of an order reach their customer."),
    ("invoices", "What is owed for an order, and whether it was paid."),
    ("views", "What is looked for across services, and how fresh it is."),
];

/// What the gateway puts together and no service owns.
#[derive(utoipa::OpenApi)]
#[openapi(paths(timeline::show))]
struct Own;

/// One document of the services' parts. What clients cannot reach is left out; what holds for every call is added.
/// What was merged before is merged again without a change.
#[must_use]
pub fn merged(parts: impl IntoIterator<Item = OpenApi>) -> OpenApi {
    let info = InfoBuilder::new().title("Switchyard").version("1").description(Some(ABOUT));
    let problem = ComponentsBuilder::new().schema_from::<Problem>().schema_from::<FieldError>();
    let whole =
        OpenApiBuilder::new().info(info.build()).tags(Some(TAGS.map(tag))).components(Some(problem.build()));
    let mut whole = whole.build();
    for mut part in parts.into_iter().chain([Own::openapi()]) {
        (part.tags, part.servers) = (None, None);
        whole.merge(part);
    }
    for (path, item) in &mut whole.paths.paths {
        for (method, slot) in operations::of(item) {
            let reachable = ROUTES.iter().any(|route| route.method == method && route.path == path);
            *slot = slot.take().filter(|_| reachable);
            if let Some(operation) = slot {
                operations::complete(operation, method);
            }
        }
    }
    whole.paths.paths.retain(|_, item| operations::of(item).iter().any(|(_, slot)| slot.is_some()));
    whole
}

/// The document of the services as they were when this was built.
///
/// # Errors
/// None: a test reads it.
pub fn committed() -> Result<OpenApi, Error> {
    serde_json::from_str(include_str!("../openapi.json"))
}

/// `/openapi.json` with the addresses under which the API is served here.
pub(crate) fn router(document: &OpenApi, servers: Vec<Server>) -> Result<Router, Error> {
    let mut document = document.clone();
    document.servers = Some(servers);
    let text = Bytes::from(document.to_json()?);
    let show = async move || ([(header::CONTENT_TYPE, "application/json")], text.clone());
    Ok(Router::new().route("/openapi.json", get(show)))
}

fn tag((name, about): (&str, &str)) -> Tag {
    TagBuilder::new().name(name).description(Some(about)).build()
}
