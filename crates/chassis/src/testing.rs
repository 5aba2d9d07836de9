//! What this crate's own tests share: a router served behind the edge over an in-memory network, and a client
//! of it.

use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use database::Clock;
use serde_json::Value;

use crate::{
    client::{Call, HttpClient, Options, Response},
    limits::Limits,
    metrics::{self, Format},
    platform::Platform,
    service::Service,
};

pub(crate) const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A platform in memory, with the system's clock.
pub(crate) fn platform() -> Platform {
    Platform::simulated(1, Clock::system())
}

/// A running service and a client of it.
pub(crate) struct Rig {
    pub(crate) platform: Platform,
    pub(crate) service: Service,
    pub(crate) client: HttpClient,
    pub(crate) url: String,
}

/// Serves `router` with the usual limits.
pub(crate) fn serve(router: Router) -> Rig {
    serve_within(router, Limits::default())
}

pub(crate) fn serve_within(router: Router, limits: Limits) -> Rig {
    rig(&platform(), router, limits)
}

/// Serves `router` on the network of another rig.
pub(crate) fn serve_on(platform: &Platform, router: Router) -> Rig {
    rig(platform, router, Limits::default())
}

fn rig(platform: &Platform, router: Router, limits: Limits) -> Rig {
    let mut service = Service::new("customers", "rest", platform, limits).unwrap();
    let address = service.serve(router, ANY_PORT).unwrap();
    let client = HttpClient::new(platform, Options::default());
    Rig { platform: platform.clone(), service, client, url: format!("http://{address}") }
}

impl Rig {
    pub(crate) async fn get(&self, path: &str) -> Response {
        self.send(Call::get(self.at(path))).await
    }

    pub(crate) async fn send(&self, call: Call) -> Response {
        self.client.send(call).await.unwrap()
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    pub(crate) fn metrics(&self) -> String {
        metrics::exposition([self.service.metrics()], Format::Text).unwrap()
    }
}

/// The status, and the code of the problem.
pub(crate) fn refusal(response: &Response) -> (u16, String) {
    let problem = response.problem().unwrap_or_else(|| panic!("not a problem: {response:?}"));
    assert_eq!(problem.status, response.status.as_u16());
    assert_eq!(response.headers["content-type"], "application/problem+json");
    assert_eq!(response.headers["x-trace-id"], problem.trace_id.as_str());
    (problem.status, problem.code)
}

pub(crate) fn json(response: &Response) -> Value {
    response.json().unwrap()
}
