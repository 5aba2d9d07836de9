//! How many calls there are, and what came of them.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::{Family, Reading, Show};
use crate::classify::{Classify, Outcome, Report, Verdict};

pub(super) const FAMILIES: &[&Family] = &[&ACTIVE, &CALLS];

static ACTIVE: Family =
    Family::gauge("mesh_active_calls", &[], "Calls of which it is not known yet what comes of them.");
static CALLS: Family = Family::counter(
    "mesh_calls_total",
    &["outcome"],
    "Calls, those that a layer further in has refused among them, by what came of them.",
);

/// Counts calls by what came of them, where it is put: outermost, those of callers; further in, those that are really made. It changes nothing.
#[derive(Clone, Debug)]
pub struct CallsLayer<K> {
    classifier: K,
    counts: Arc<Counts>,
}

impl<K> CallsLayer<K> {
    /// One count, of all services that it is put before.
    #[must_use]
    pub fn new(classifier: K) -> Self {
        Self { classifier, counts: Arc::default() }
    }

    /// To read it.
    #[must_use]
    pub fn handle(&self) -> CallsHandle {
        CallsHandle { counts: Arc::clone(&self.counts) }
    }
}

impl<S, K: Clone> Layer<S> for CallsLayer<K> {
    type Service = Calls<S, K>;

    fn layer(&self, inner: S) -> Self::Service {
        Calls { inner, layer: self.clone() }
    }
}

/// A service whose calls are counted.
#[derive(Clone, Debug)]
pub struct Calls<S, K> {
    inner: S,
    layer: CallsLayer<K>,
}

impl<S, K, Request> Service<Request> for Calls<S, K>
where
    S: Service<Request>,
    K: Classify<S::Response, S::Error> + Clone,
{
    type Response = K::Response<Call>;
    type Error = S::Error;
    type Future = CallFuture<S::Future, K>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let CallsLayer { classifier, counts } = self.layer.clone();
        let call = Call::begin(counts);
        CallFuture { future: self.inner.call(request), call: Some(call), classifier }
    }
}

pin_project! {
    /// A call that is counted.
    #[derive(Debug)]
    pub struct CallFuture<F, K> {
        #[pin]
        future: F,
        call: Option<Call>,
        classifier: K,
    }
}

impl<F, K, Response, Error> Future for CallFuture<F, K>
where
    F: Future<Output = Result<Response, Error>>,
    K: Classify<Response, Error>,
{
    type Output = Result<K::Response<Call>, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Poll::Ready(result) = this.future.poll(context) else { return Poll::Pending };
        // Who polls once more has had the answer.
        let Some(call) = this.call.take() else { return Poll::Pending };
        Poll::Ready(this.classifier.classify(result, call))
    }
}

/// A call that was begun. It counts once, by what it is told or, dropped before that, as cancelled.
#[derive(Debug)]
pub struct Call {
    counts: Arc<Counts>,
    outcome: Outcome,
}

impl Call {
    fn begin(counts: Arc<Counts>) -> Self {
        counts.active.fetch_add(1, Relaxed);
        Self { counts, outcome: Outcome::Cancelled }
    }
}

impl Report for Call {
    fn tell(mut self, verdict: Verdict) {
        self.outcome = verdict.outcome;
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.counts.outcomes[self.outcome as usize].fetch_add(1, Relaxed);
        self.counts.active.fetch_sub(1, Relaxed);
    }
}

#[derive(Debug, Default)]
struct Counts {
    active: AtomicU64,
    outcomes: [AtomicU64; Outcome::ALL.len()],
}

/// Reads how many calls there are, from wherever.
#[derive(Clone, Debug)]
pub struct CallsHandle {
    counts: Arc<Counts>,
}

impl CallsHandle {
    /// How many calls are under way.
    #[must_use]
    pub fn active(&self) -> u64 {
        self.counts.active.load(Relaxed)
    }

    /// Of how many calls this came.
    #[must_use]
    pub fn outcomes(&self, outcome: Outcome) -> u64 {
        self.counts.outcomes[outcome as usize].load(Relaxed)
    }
}

impl Show for CallsHandle {
    const LAYER: &'static str = "calls";

    fn show(&self, reading: &mut Reading<'_>) {
        reading.count(&ACTIVE, &[], self.active());
        for outcome in Outcome::ALL {
            reading.count(&CALLS, &[outcome.label()], self.outcomes(outcome));
        }
    }
}
