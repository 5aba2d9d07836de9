//! Apps of one process, which records what it is told to.

use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use chassis::{
    client::{Call, HttpClient, Options, Response},
    limits::Limits,
    metrics,
    service::Service,
    trace::TRACEPARENT,
};
use test_support::recording::Recording;

/// A process that records, and a client within it.
pub(crate) struct Rig {
    pub(crate) recording: Recording,
    pub(crate) client: HttpClient,
}

impl Rig {
    /// One whose environment says this, besides where the collector is.
    pub(crate) fn new<const N: usize>(variables: [(&str, &str); N]) -> Self {
        let recording = Recording::start(variables);
        let client = HttpClient::new(&recording.platform, Options::default());
        Self { recording, client }
    }

    /// An App that serves `router`; tells where.
    pub(crate) fn serve(&self, name: &str, router: Router) -> (Service, String) {
        let platform = &self.recording.platform;
        let mut service = Service::new(name, "rest", platform, Limits::default()).unwrap();
        let address = service.serve(router, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        (service, format!("http://{address}"))
    }

    /// Asks for `url` as a client in a trace of its own.
    pub(crate) async fn get(&self, url: &str, traceparent: &str) -> Response {
        let call = Call::get(url).header(TRACEPARENT, traceparent.parse().unwrap());
        self.client.send(call).await.unwrap()
    }
}

/// What an App counts by this name.
pub(crate) fn count(service: &Service, series: &str) -> u64 {
    let text = metrics::exposition([service.metrics()], metrics::Format::Text).unwrap();
    let line = text.lines().find(|line| line.starts_with(series)).unwrap_or_else(|| panic!("{text}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}
