//! How many calls there are, and what came of them.

use std::{
    pin::Pin,
    sync::atomic::{
        AtomicU64,
        Ordering::{Acquire, Relaxed, Release},
    },
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::{Family, Reading, Show};
use crate::{
    classify::{Classify, Outcome, Report, Verdict},
    lanes::{Lane, Laned},
};

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
    counts: Laned<(), Counts>,
}

impl<K> CallsLayer<K> {
    /// One count, of all services that it is put before.
    #[must_use]
    pub fn new(classifier: K) -> Self {
        Self { classifier, counts: Laned::new(()) }
    }

    /// To read it.
    #[must_use]
    pub fn handle(&self) -> CallsHandle {
        CallsHandle { counts: self.counts.clone() }
    }
}

impl<S, K: Clone> Layer<S> for CallsLayer<K> {
    type Service = Calls<S, K>;

    fn layer(&self, inner: S) -> Self::Service {
        Calls { inner, classifier: self.classifier.clone(), counts: self.counts.here() }
    }
}

/// A service whose calls are counted.
#[derive(Clone, Debug)]
pub struct Calls<S, K> {
    inner: S,
    classifier: K,
    counts: Lane<(), Counts>,
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
        let call = Call::begin(&self.counts);
        CallFuture { future: self.inner.call(request), call: Some(call), classifier: self.classifier.clone() }
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
    counts: Lane<(), Counts>,
    outcome: Outcome,
}

impl Call {
    #[inline]
    fn begin(counts: &Lane<(), Counts>) -> Self {
        let counts = counts.clone();
        counts.own().begun.fetch_add(1, Relaxed);
        Self { counts, outcome: Outcome::Cancelled }
    }
}

impl Report for Call {
    fn tell(mut self, verdict: Verdict) {
        self.outcome = verdict.outcome;
    }
}

impl Drop for Call {
    #[inline]
    fn drop(&mut self) {
        self.counts.own().outcomes[self.outcome as usize].fetch_add(1, Release);
    }
}

/// Of one lane: a call ends in that in which it began.
#[derive(Debug, Default)]
struct Counts {
    begun: AtomicU64,
    outcomes: [AtomicU64; Outcome::ALL.len()],
}

impl Counts {
    fn active(&self) -> u64 {
        // Ends first, since each was begun before it ended.
        let ended: u64 = self.outcomes.iter().map(|outcome| outcome.load(Acquire)).sum();
        self.begun.load(Relaxed).wrapping_sub(ended)
    }
}

/// Reads how many calls there are, from wherever.
#[derive(Clone, Debug)]
pub struct CallsHandle {
    counts: Laned<(), Counts>,
}

impl CallsHandle {
    /// How many calls are under way.
    #[must_use]
    pub fn active(&self) -> u64 {
        self.counts.counts().map(Counts::active).sum()
    }

    /// Of how many calls this came.
    #[must_use]
    pub fn outcomes(&self, outcome: Outcome) -> u64 {
        self.counts.counts().map(|lane| lane.outcomes[outcome as usize].load(Relaxed)).sum()
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
