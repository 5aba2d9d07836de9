//! The description of the API: OpenAPI 3.1, made of what each service says of its own part.
//!
//! The gateway depends on no service, so whoever wires it has the parts: [`merged`] puts them together. A gateway that runs
//! alone serves [`committed`], which is kept beside the code and held against it by a test of those who know all services;
//! asking the services at the start instead would make the start depend on them, and the document on their versions.

use axum::{Router, http::header, response::IntoResponse, routing::get};
use serde_json::Error;
use utoipa::openapi::{InfoBuilder, OpenApi, OpenApiBuilder, Server};

/// One document of the services' parts. What clients cannot reach is left out.
#[must_use]
pub fn merged(parts: impl IntoIterator<Item = OpenApi>) -> OpenApi {
    let info = InfoBuilder::new().title("Switchyard").version("1").build();
    let whole = OpenApiBuilder::new().info(info).build();
    parts.into_iter().fold(whole, |mut whole, mut part| {
        part.tags = None;
        whole.merge(part);
        whole
    })
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
    let text = axum::body::Bytes::from(document.to_json()?);
    let show =
        get(async move || ([(header::CONTENT_TYPE, "application/json")], text.clone()).into_response());
    Ok(Router::new().route("/openapi.json", show))
}
