//! Two Apps of one process, which records what it is told to, and a collector.

use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use chassis::{
    client::{Call, HttpClient, Options, Response},
    config::Env,
    limits::Limits,
    metrics,
    platform::Platform,
    service::Service,
    trace::TRACEPARENT,
    traces::{Config, Traces},
};
use database::Clock;
use test_support::collector::Collector;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::{Layer, Registry, filter::LevelFilter, layer::SubscriberExt};

/// What a client tells of its own trace.
pub(crate) const CLIENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
pub(crate) const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
pub(crate) const CLIENT_SPAN: &str = "00f067aa0ba902b7";

/// A process that records. On a runtime of one thread everything is recorded that runs there.
pub(crate) struct Rig {
    pub(crate) platform: Platform,
    pub(crate) collector: Collector,
    pub(crate) traces: Traces,
    pub(crate) client: HttpClient,
    _subscriber: DefaultGuard,
}

impl Rig {
    /// One whose environment says this, besides where the collector is.
    pub(crate) fn new<const N: usize>(variables: [(&str, &str); N]) -> Self {
        let platform = Platform::simulated(1, Clock::system());
        let collector = Collector::on(&platform.network);
        let endpoint = collector.endpoint();
        let usual = [("OTEL_EXPORTER_OTLP_ENDPOINT", &*endpoint), ("OTEL_BSP_SCHEDULE_DELAY", "5")];
        let mut env: Env = usual.into_iter().chain(variables).collect();
        let config = Config::from_env(&mut env);
        env.finish().unwrap();
        let traces = Traces::start("test", config, &platform);
        let recorder = traces.recorder().map(|recorder| recorder.with_filter(LevelFilter::INFO));
        let subscriber = tracing::subscriber::set_default(Registry::default().with(recorder));
        let client = HttpClient::new(&platform, Options::default());
        Self { platform: platform.recording(&traces), collector, traces, client, _subscriber: subscriber }
    }

    /// An App that serves `router`; tells where.
    pub(crate) fn serve(&self, name: &str, router: Router) -> (Service, String) {
        let mut service = Service::new(name, "rest", &self.platform, Limits::default()).unwrap();
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
