//! A process that records spans and sends them to a collector: as far as it runs on the thread of the test.

use chassis::{
    config::Env,
    platform::Platform,
    traces::{Config, Traces},
};
use database::Clock;
use tracing::subscriber::{DefaultGuard, set_default};
use tracing_subscriber::{Registry, layer::SubscriberExt};

use crate::collector::Collector;

/// What a client tells of its own trace, which it records.
pub const CLIENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// The client's trace.
pub const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
/// The client's own span in it.
pub const CLIENT_SPAN: &str = "00f067aa0ba902b7";

/// Spans are recorded until it is dropped.
#[derive(Debug)]
pub struct Recording {
    /// What the Apps of the process run on: in memory, on one thread.
    pub platform: Platform,
    /// Where spans arrive.
    pub collector: Collector,
    /// What records them.
    pub traces: Traces,
    _subscriber: DefaultGuard,
}

impl Recording {
    /// A process whose environment says this, besides where the collector is. It sends at once.
    ///
    /// # Panics
    /// Outside a Tokio runtime, or if the environment makes no sense.
    #[must_use]
    #[expect(clippy::unwrap_used, reason = "a helper that cannot go on fails the test that called it")]
    pub fn start<const N: usize>(variables: [(&str, &str); N]) -> Self {
        let platform = Platform::simulated(1, Clock::system());
        let collector = Collector::on(&platform.network);
        let endpoint = collector.endpoint();
        let usual = [("OTEL_EXPORTER_OTLP_ENDPOINT", &*endpoint), ("OTEL_BSP_SCHEDULE_DELAY", "5")];
        let mut env: Env = usual.into_iter().chain(variables).collect();
        let config = Config::from_env(&mut env);
        env.finish().unwrap();
        let traces = Traces::start("test", config, &platform);
        let subscriber = set_default(Registry::default().with(traces.layer()));
        Self { platform: platform.recording(&traces), collector, traces, _subscriber: subscriber }
    }
}
