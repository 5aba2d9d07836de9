//! A collector of traces that speaks OpenTelemetry's protocol, over gRPC and over HTTP on one port, and keeps what it is sent.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chassis::network::{Listener, Network};
use tokio::{sync::Notify, task::JoinHandle};

mod serving;
mod span;
mod tree;

pub use span::{Attributes, Event, Span};
pub use tree::Tree;

/// How long anything may take to arrive.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a collector behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Behaviour {
    /// It takes everything.
    #[default]
    Takes,
    /// It takes everything, and says that it has rejected so many spans of each request.
    Rejects(u64),
    /// It answers with this status of HTTP, whatever it is asked.
    Answers(u16),
    /// It never answers.
    Hangs,
}

/// A collector that runs until it is dropped.
#[derive(Debug)]
pub struct Collector {
    address: SocketAddr,
    kept: Arc<Kept>,
    serving: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Kept {
    inside: Mutex<Inside>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct Inside {
    behaviour: Behaviour,
    spans: Vec<Span>,
    requests: Vec<BTreeMap<String, String>>,
}

impl Collector {
    /// A collector at a free port of the real network.
    ///
    /// # Panics
    /// Outside a Tokio runtime, or if there is no free port.
    #[must_use]
    pub fn start() -> Self {
        Self::on(&Network::tcp())
    }

    /// A collector at a free port of this network.
    ///
    /// # Panics
    /// Outside a Tokio runtime, or if there is no free port.
    #[must_use]
    #[expect(clippy::unwrap_used, reason = "a helper that cannot go on fails the test that called it")]
    pub fn on(network: &Network) -> Self {
        let listener = network.listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let address = listener.local_addr().unwrap();
        let kept = Arc::<Kept>::default();
        let serving = tokio::spawn(serve(listener, kept.clone()));
        Self { address, kept, serving }
    }

    /// Where it listens: what `OTEL_EXPORTER_OTLP_ENDPOINT` is set to.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Has it behave like this from now on.
    pub fn behave(&self, behaviour: Behaviour) {
        self.kept.inside().behaviour = behaviour;
    }

    /// Every span that has arrived.
    #[must_use]
    pub fn spans(&self) -> Vec<Span> {
        self.kept.inside().spans.clone()
    }

    /// The headers of every request that it was sent, whatever it answered.
    #[must_use]
    pub fn requests(&self) -> Vec<BTreeMap<String, String>> {
        self.kept.inside().requests.clone()
    }

    /// The spans of one trace, once they are what is waited for; `Err` says what they are instead.
    ///
    /// # Panics
    /// If they do not become that in time.
    #[expect(clippy::panic, reason = "a helper that cannot go on fails the test that called it")]
    pub async fn until<T>(&self, trace_id: &str, mut look: impl FnMut(Vec<Span>) -> Result<T, String>) -> T {
        let mut instead = String::new();
        let seen = async {
            loop {
                let arrived = self.kept.arrived.notified();
                let spans = self.spans().into_iter().filter(|span| span.trace_id == trace_id);
                match look(spans.collect()) {
                    Ok(seen) => return seen,
                    Err(what) => instead = what,
                }
                arrived.await;
            }
        };
        match tokio::time::timeout(PATIENCE, seen).await {
            Ok(seen) => seen,
            Err(_) => panic!("not within {PATIENCE:?}, but {instead}"),
        }
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Kept {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn serve(mut listener: Listener, kept: Arc<Kept>) {
    // Connections end with the collector.
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await;
        connections.spawn(serving::serve(stream, kept.clone()));
    }
}
