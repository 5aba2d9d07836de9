//! A gateway, and services that answer what the test wants.

use std::{collections::BTreeMap, net::SocketAddr};

use axum::{
    Router,
    body::to_bytes,
    extract::{OriginalUri, Request},
    http::{HeaderMap, Method},
    routing::any,
};
use chassis::{
    client::{Call, HttpClient, Options, Response},
    limits::Limits,
    network::Network,
    platform::Platform,
    server::Server,
    shutdown::{Stopped, Trigger, drain},
};
use gateway::{
    App, Config,
    config::{Endpoints, Origin},
};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use utoipa::openapi::OpenApi;

pub(crate) const ANY_PORT: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

/// Where nobody listens.
const NOBODY: &str = "http://127.0.0.1:1";

/// One style's services; `None` is away.
pub(crate) struct Owners {
    pub(crate) customers: Option<Router>,
    pub(crate) ordering: Option<Router>,
    pub(crate) warehouse: Option<Router>,
    pub(crate) shipping: Option<Router>,
    pub(crate) billing: Option<Router>,
    /// `None` is a style without them.
    pub(crate) views: Option<Router>,
}

impl Owners {
    /// Services of a style that answer what they were asked.
    pub(crate) fn mirrors(style: &'static str) -> Self {
        let mirror = |service| Some(mirror(style, service));
        Owners {
            customers: mirror("customers"),
            ordering: mirror("ordering"),
            warehouse: mirror("warehouse"),
            shipping: mirror("shipping"),
            billing: mirror("billing"),
            views: None,
        }
    }
}

/// Answers what it is asked, as JSON.
pub(crate) fn mirror(style: &'static str, service: &'static str) -> Router {
    let answer = async move |OriginalUri(uri): OriginalUri, headers: HeaderMap, request: Request| {
        let method = request.method().to_string();
        let body = to_bytes(request.into_body(), usize::MAX).await.unwrap_or_default();
        let headers: BTreeMap<_, _> = headers
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes())))
            .collect();
        axum::Json(json!({
            "style": style, "service": service, "method": method, "uri": uri.to_string(), "headers": headers,
            "body": String::from_utf8_lossy(&body),
        }))
    };
    Router::new().fallback(any(answer))
}

/// A gateway that serves.
pub(crate) struct Rig {
    pub(crate) client: HttpClient,
    url: String,
    /// Dropped, they stop the services.
    _services: Vec<Trigger>,
    stop: Option<oneshot::Sender<()>>,
    stopped: tokio::task::JoinHandle<Stopped>,
}

impl Rig {
    /// Before mirrors of the style `rest`.
    pub(crate) fn of_mirrors() -> Self {
        Self::before([("rest", Owners::mirrors("rest"))])
    }

    /// Before services of the style `rest`.
    pub(crate) fn of(owners: Owners) -> Self {
        Self::before([("rest", owners)])
    }

    /// Before services of several styles, of which the first is the default.
    pub(crate) fn before<const N: usize>(styles: [(&'static str, Owners); N]) -> Self {
        Self::describing(OpenApi::default(), styles)
    }

    pub(crate) fn describing<const N: usize>(document: OpenApi, styles: [(&'static str, Owners); N]) -> Self {
        let platform = Platform { network: Network::memory(), ..Platform::system() };
        let default_style = styles[0].0.to_owned();
        let mut services = Vec::new();
        let mut serve = |router: Option<Router>| -> Origin {
            let Some(router) = router else { return NOBODY.parse().unwrap() };
            let listener = platform.network.listen(ANY_PORT).unwrap();
            let origin = listener.local_addr().unwrap().try_into().unwrap();
            let (trigger, drain) = drain();
            tokio::spawn(Server::new(router, listener, Limits::default()).run(drain));
            services.push(trigger);
            origin
        };
        let styles = styles.map(|(style, owners)| {
            let endpoints = Endpoints {
                customers: serve(owners.customers),
                ordering: serve(owners.ordering),
                warehouse: serve(owners.warehouse),
                shipping: serve(owners.shipping),
                billing: serve(owners.billing),
                views: owners.views.map(|views| serve(Some(views))),
            };
            (style.to_owned(), endpoints)
        });
        let first = styles[0].1.clone();
        let config = Config { styles: BTreeMap::from(styles), ..Config::of(ANY_PORT, &default_style, first) };
        let app = App::build(&config, document, &platform).unwrap();
        let url = format!("http://{}", app.address());
        let (stop, asked) = oneshot::channel::<()>();
        let stopped = tokio::spawn(app.run_until(async move { asked.await.unwrap_or_default() }));
        let client = HttpClient::new(&platform, Options::default());
        Rig { client, url, _services: services, stop: Some(stop), stopped }
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.send(Method::GET, path, &[], "").await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response {
        let mut call = Call::new(method, self.at(path)).body(body.to_owned());
        for (name, value) in headers {
            call = call.header(name.parse().unwrap(), value.parse().unwrap());
        }
        self.client.send(call).await.unwrap()
    }

    /// Stops the gateway, which ends once its requests have.
    pub(crate) async fn stop(mut self) -> Stopped {
        self.stop.take().unwrap().send(()).unwrap();
        self.stopped.await.unwrap()
    }
}

/// The answer's body.
pub(crate) fn json(response: &Response) -> Value {
    response.json().unwrap_or_else(|_| panic!("not JSON: {response:?}"))
}

/// The status and the code of a problem that has the form of one.
pub(crate) fn refusal(response: &Response) -> (u16, String) {
    let problem = response.problem().unwrap_or_else(|| panic!("not a problem: {response:?}"));
    assert_eq!(problem.status, response.status.as_u16());
    assert_eq!(response.headers["content-type"], "application/problem+json");
    assert_eq!(response.headers["x-trace-id"], problem.trace_id.as_str());
    (problem.status, problem.code)
}
