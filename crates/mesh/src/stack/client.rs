//! What a client puts before its transport.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;

use super::{
    Attempts, BulkheadKey, ClientPolicy, RouteHandle,
    calling::{Calling, Common},
    current::{Current, Reader},
    endpoint::EndpointLayer,
    limited::{Limited, LimitedLayer},
    oneshot::oneshot,
    parted::{Parted, PartedLayer},
    policy::Classifier,
    route::{Route, Routes},
};
use crate::{
    BoxError, InvalidPolicy,
    budget::{self, Budget},
    bulkhead,
    circuit_breaker::{self, CircuitBreaker, CircuitBreakerLayer, Mode},
    classify::Watched,
    clock::TokioClock,
    concurrency,
    deadline::{self, ByDeadline, UntilBody},
    lanes::Laned,
    replay::Replay,
    telemetry::{self, Calls, Shown, Telemetry, Transitions},
    timeout::{Timeout, TimeoutLayer},
};

/// The layers of a client by a policy.
///
/// # Errors
/// The policy is out of range: all of it at once.
pub fn client(policy: ClientPolicy) -> Result<ClientLayer, InvalidPolicy> {
    ClientLayer::named(policy, "", "")
}

/// The layers of a client. Its clones, and all services that they are put before, are one client of one service.
#[derive(Clone, Debug)]
pub struct ClientLayer {
    current: Laned<Current<Parts>>,
}

/// Reads a client's layers, and gives them another policy.
#[derive(Clone, Debug)]
pub struct ClientHandle {
    current: Laned<Current<Parts>>,
}

/// What one version of a policy has been made into.
#[derive(Debug)]
pub(super) struct Parts {
    policy: ClientPolicy,
    timeout: TimeoutLayer,
    budget: Budget,
    breaker: CircuitBreakerLayer<Classifier>,
    bulkhead: PartedLayer,
    concurrency: LimitedLayer,
    routes: Routes<Calling>,
    called: Called,
}

/// Whom it calls, as metrics have it.
#[derive(Clone, Debug)]
struct Called {
    name: Arc<str>,
    target: Arc<str>,
    transitions: Transitions,
    seed: Option<u64>,
}

/// The body of a client's answer, around that of its transport.
pub type ClientBody<B> = Watched<
    UntilBody<
        Watched<Watched<B, circuit_breaker::Call<TokioClock>>, concurrency::Call<TokioClock>>,
        ByDeadline,
    >,
    telemetry::Call,
>;

/// The way of one route.
type Way<S> = Calls<deadline::Client<Parted<Limited<Attempts<CircuitBreaker<S, Classifier>>>>>, Classifier>;

impl ClientLayer {
    /// As [`client`], of a service by the name and the address that metrics and logs have for it.
    ///
    /// # Errors
    /// The policy is out of range: all of it at once.
    pub fn named(policy: ClientPolicy, name: &str, target: &str) -> Result<Self, InvalidPolicy> {
        Self::of(policy, Called::new(name, target, None))
    }

    /// As [`named`](Self::named), with a seed for what is left to chance, so that a run can be repeated.
    ///
    /// # Errors
    /// The policy is out of range: all of it at once.
    pub fn seeded(policy: ClientPolicy, name: &str, target: &str, seed: u64) -> Result<Self, InvalidPolicy> {
        Self::of(policy, Called::new(name, target, Some(seed)))
    }

    fn of(policy: ClientPolicy, called: Called) -> Result<Self, InvalidPolicy> {
        Ok(Self { current: Current::new(Parts::new(policy, None, called)?) })
    }

    /// To read the layers, and to change their policy.
    #[must_use]
    pub fn handle(&self) -> ClientHandle {
        ClientHandle { current: self.current.clone() }
    }

    /// What belongs next to the transport, of each endpoint where there are several: the time-out of a try, and the header that says what it has left.
    #[must_use]
    pub fn endpoint(&self) -> EndpointLayer {
        EndpointLayer::new(Reader::new(&self.current))
    }
}

impl Called {
    fn new(name: &str, target: &str, seed: Option<u64>) -> Self {
        Self { name: name.into(), target: target.into(), transitions: Transitions::of(name, target), seed }
    }
}

impl ClientHandle {
    /// Another policy, for the calls from now on. What is the same in it keeps its state.
    ///
    /// # Errors
    /// The policy is out of range; the one before stays.
    pub fn reload(&self, policy: ClientPolicy) -> Result<(), InvalidPolicy> {
        let before = self.current.get();
        let parts = Parts::new(policy, Some(&before), before.called.clone())?;
        self.current.replace(parts);
        Ok(())
    }

    /// Shows what the policy has of it by the [name](ClientLayer::named) of whom it calls; and by `name/route` the calls of each route, their deadlines, what was
    /// tried again of them, and their time-out if it is the route's own. After a [`reload`](Self::reload) it is to be shown again, since what has changed is another one.
    pub fn show(&self, telemetry: &Telemetry) -> Vec<Shown> {
        let parts = self.current.get();
        let Called { name, target, transitions, .. } = &parts.called;
        let policy = &parts.policy;
        let breaker = || telemetry.show(name, target, transitions.clone().and(parts.breaker.handle()));
        let limit = |limit| telemetry.show(name, target, limit);
        let budget = || telemetry.show(name, target, parts.budget.clone());
        let mut shown = vec![telemetry.show(name, target, parts.timeout.handle())];
        shown.extend(policy.circuit_breaker.is_some().then(breaker));
        shown.extend(parts.bulkhead.handle().map(|bulkhead| telemetry.show(name, target, bulkhead)));
        shown.extend(parts.concurrency.handle().map(limit));
        shown.extend(policy.tries_again().then(budget));
        for route in parts.routes.iter() {
            shown.extend(route.parts.show(telemetry, &format!("{name}/{}", route.name), target));
        }
        shown
    }

    /// The policy as it is.
    #[must_use]
    pub fn policy(&self) -> ClientPolicy {
        self.current.get().policy.clone()
    }

    /// The circuit breaker of the service.
    #[must_use]
    pub fn circuit_breaker(&self) -> circuit_breaker::Handle {
        self.current.get().breaker.handle()
    }

    /// The bulkheads, if there are any.
    #[must_use]
    pub fn bulkhead(&self) -> Option<bulkhead::Handle<BulkheadKey>> {
        self.current.get().bulkhead.handle()
    }

    /// The limit, if there is one.
    #[must_use]
    pub fn concurrency(&self) -> Option<concurrency::Handle> {
        self.current.get().concurrency.handle()
    }

    /// What is left of the budget of retries and hedges.
    #[must_use]
    pub fn budget(&self) -> budget::Snapshot {
        self.current.get().budget.snapshot()
    }

    /// What came of the calls of each route; the last is for those of no other.
    #[must_use]
    pub fn routes(&self) -> Vec<RouteHandle> {
        let parts = self.current.get();
        let snapshot = |route: &Route<Calling>| RouteHandle {
            name: Arc::clone(&route.name),
            calls: route.parts.calls.handle(),
        };
        parts.routes.iter().map(snapshot).collect()
    }
}

impl Parts {
    /// By a policy; what is the same in it as in the one before is kept.
    fn new(policy: ClientPolicy, before: Option<&Self>, called: Called) -> Result<Self, InvalidPolicy> {
        policy.validate()?;
        let reads_alike = |before: &&Self| {
            (before.policy.protocol, &before.policy.exceptions) == (policy.protocol, &policy.exceptions)
        };
        // What judges answers in another way begins anew.
        let before = before.filter(reads_alike);
        let same = |same: fn(&ClientPolicy, &ClientPolicy) -> bool| {
            before.filter(|before| same(&before.policy, &policy))
        };
        let classifier = policy.protocol.classifier(&policy.exceptions);
        let budget = match same(|one, other| one.budget == other.budget) {
            Some(before) => before.budget.clone(),
            None => Budget::new(policy.budget.clone())?,
        };
        let breaker = match same(|one, other| one.circuit_breaker == other.circuit_breaker) {
            Some(before) => before.breaker.clone(),
            None => breaker(policy.circuit_breaker.as_ref(), &classifier, &called)?,
        };
        let timeout = match same(|one, other| one.timeout == other.timeout) {
            Some(before) => before.timeout.clone(),
            None => policy.protocol.timeout(&policy.timeout)?,
        };
        let concurrency = match same(|one, other| one.concurrency == other.concurrency) {
            Some(before) => before.concurrency.clone(),
            None => LimitedLayer::new(policy.concurrency.as_ref(), &classifier)?,
        };
        let bulkhead = match same(|one, other| one.bulkhead == other.bulkhead) {
            Some(before) => before.bulkhead.clone(),
            None => PartedLayer::new(policy.bulkhead.as_ref())?,
        };
        let same_budget = same(|one, other| one.budget == other.budget).is_some();
        let before = before.filter(|_| same_budget).map(|before| (&before.policy, &before.routes));
        let common = Common {
            bulkhead: &bulkhead,
            budget: &budget,
            timeout: &timeout,
            classifier: &classifier,
            seed: called.seed,
        };
        let routes = common.routes(&policy, before)?;
        Ok(Self { policy, timeout, budget, breaker, bulkhead, concurrency, routes, called })
    }

    /// The layers next to a transport, for a request.
    #[inline]
    pub(super) fn endpoint<S, B>(&self, request: &Request<B>, transport: S) -> Timeout<deadline::Header<S>> {
        let Route { parts: route, .. } = self.routes.at(self.routes.of(request));
        route.timeout.layer.layer(route.headers.layer(transport))
    }

    fn way<S: Clone>(&self, route: &Calling, transport: S) -> Way<S> {
        let attempts = route.attempts.layer(self.breaker.layer(transport));
        let limited = route.bulkhead.layer.layer(self.concurrency.layer(attempts));
        route.calls.layer(route.deadline.layer(limited))
    }
}

fn breaker(
    policy: Option<&circuit_breaker::Policy>,
    classifier: &Classifier,
    called: &Called,
) -> Result<CircuitBreakerLayer<Classifier>, InvalidPolicy> {
    let builder = circuit_breaker::Builder::new(policy.cloned().unwrap_or_default());
    let builder = called.seed.into_iter().fold(builder, circuit_breaker::Builder::seed);
    let layer = builder.on_transition(called.transitions.observer()).build(classifier.clone())?;
    if policy.is_none() {
        layer.handle().set_mode(Mode::ForcedClosed);
    }
    Ok(layer)
}

impl<S: Clone> Layer<S> for ClientLayer {
    type Service = Client<S>;

    fn layer(&self, transport: S) -> Client<S> {
        Client { transport, reader: Reader::new(&self.current) }
    }
}

/// A service behind the layers of a client. It is always ready: which layers a call meets, is known once there is the call.
#[derive(Clone, Debug)]
pub struct Client<S> {
    transport: S,
    reader: Reader<Parts>,
}

impl<S, A, B> Service<Request<A>> for Client<S>
where
    S: Service<Request<Replay<A>>, Response = Response<B>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    A: Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
    B: Body + Send + 'static,
    Way<S>: Service<Request<A>, Response = Response<ClientBody<B>>, Error = BoxError, Future: Send> + Send,
{
    type Response = Response<ClientBody<B>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        let parts = self.reader.get();
        let way = parts.routes.at(parts.routes.of(&request));
        Box::pin(oneshot(parts.way(&way.parts, self.transport.clone()), request))
    }
}
