//! The one place where the gateway's parts are put together.

use chassis::{
    client,
    platform::Platform,
    problem::Problem,
    service::{self, Running, Service},
};
use mesh::{classify::Outcome, stack::Exception};
use utoipa::openapi::{OpenApi, Server, ServerBuilder};

use crate::{
    Config, docs, openapi, routes,
    upstream::{Parts, Upstream},
};

/// What metrics and logs have for a style: the gateway serves them all.
const ALL_STYLES: &str = "all";

/// The gateway, serving.
pub struct App;

/// Why the gateway cannot start.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// `/v1/…` would lead nowhere.
    #[error("the default style `{0}` is not among the styles served")]
    UnknownDefault(String),
    /// A style's name cannot stand in an address, or stands for something else there.
    #[error(
        "`{0}` cannot be a style's name: it has lower-case letters and dashes, and is not `v1` or `docs`"
    )]
    StyleName(String),
    /// The document has no JSON form.
    #[error("writing the OpenAPI document")]
    Document(#[from] serde_json::Error),
    /// It cannot listen.
    #[error(transparent)]
    Service(#[from] service::Error),
}

impl App {
    /// Starts the gateway. `document` describes the API: what the services say of their parts, whether
    /// [`merged`](openapi::merged) already or only put together.
    ///
    /// # Errors
    /// The styles make no sense, or the port is taken.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn build(config: &Config, document: OpenApi, platform: &Platform) -> Result<Running, BuildError> {
        // The frame, whose signal ends the streams of events when the gateway stops.
        let mut service = Service::new("gateway", ALL_STYLES, platform, config.limits.clone())?;

        // One client for all owners: what it bounds, it bounds per host.
        // A 503 of theirs says that something they need is away: they answer, and that is all the way to them is about.
        let exceptions = vec![Exception { status: 503, outcome: Outcome::Throttled }];
        let client = service.client(client::Options { exceptions, ..client::Options::default() })?;
        let upstream = |style: &str, prefix: String| {
            let endpoints = config.styles.get(style).cloned();
            let endpoints = endpoints.ok_or_else(|| BuildError::UnknownDefault(style.to_owned()))?;
            Ok::<_, BuildError>(Upstream::new(Parts {
                prefix,
                endpoints,
                client: client.clone(),
                timeout: config.timeout,
                part_timeout: config.part_timeout,
                drain: service.serving(),
            }))
        };

        // What is told about the API, whoever put it together.
        let document = openapi::merged([document]);

        // The API of every style under its prefix, and the default one's without.
        let mut servers = vec![server("/".to_owned(), &config.default_style)];
        let mut router = routes::router(upstream(&config.default_style, String::new())?);
        for style in config.styles.keys() {
            check_name(style)?;
            let prefix = format!("/{style}");
            let server = server(prefix.clone(), style);
            let api = routes::router(upstream(style, prefix.clone())?);
            router = router.nest(&prefix, api.merge(openapi::router(&document, vec![server.clone()])?));
            servers.push(server);
        }
        router = router.merge(openapi::router(&document, servers)?).merge(docs::router());

        // What clients see, last: whoever is let in finds everything there.
        let styles: Vec<_> = config.styles.keys().cloned().collect();
        let router = router.fallback(async move || nothing_here(&styles));
        let address = service.serve(router, config.listen)?;
        Ok(Running::new(service, address))
    }
}

fn check_name(style: &str) -> Result<(), BuildError> {
    let letters = style.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    if letters && !style.is_empty() && style != "docs" {
        return Ok(());
    }
    Err(BuildError::StyleName(style.to_owned()))
}

/// An address of the API, by which clients learn which styles there are; that of the default style is described as
/// that style's own.
fn server(url: String, style: &str) -> Server {
    ServerBuilder::new().url(url).description(Some(format!("The style {style}"))).build()
}

fn nothing_here(styles: &[String]) -> Problem {
    let detail = format!("Nothing has this address. The styles served here are: {}.", styles.join(", "));
    Problem::new(axum::http::StatusCode::NOT_FOUND, chassis::problem::code::NOT_FOUND, detail)
}
