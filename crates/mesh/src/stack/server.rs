//! What a server puts before its routes.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;

use super::{
    BulkheadKey, RouteHandle, ServerPolicy,
    current::{Current, Reader},
    limited::{Limited, LimitedLayer},
    oneshot::oneshot,
    parted::{Parted, PartedLayer},
    policy::Classifier,
    rated::{Rated, RatedLayer},
    route::{Route, Routes},
    serving::{Common, Serving},
};
use crate::{
    BoxError, InvalidPolicy,
    answer::{self, Answer, AnswerLayer},
    bulkhead,
    classify::Watched,
    clock::TokioClock,
    concurrency, deadline,
    lanes::Laned,
    rate_limit,
    telemetry::{self, Calls, Shown, Telemetry},
};

/// The layers of a server by a policy.
///
/// # Errors
/// The policy is out of range: all of it at once.
pub fn server(policy: ServerPolicy) -> Result<ServerLayer, InvalidPolicy> {
    ServerLayer::answering(policy, AnswerLayer::new())
}

/// The layers of a server. Its clones, and all services that they are put before, are one server.
#[derive(Clone, Debug)]
pub struct ServerLayer {
    current: Laned<Current<Parts>>,
    answers: answer::Handle,
}

/// Reads a server's layers, and gives them another policy.
#[derive(Clone, Debug)]
pub struct ServerHandle {
    current: Laned<Current<Parts>>,
    answers: answer::Handle,
}

#[derive(Debug)]
struct Parts {
    policy: ServerPolicy,
    answers: Laned<AnswerLayer>,
    rate: RatedLayer,
    bulkhead: PartedLayer,
    concurrency: LimitedLayer,
    routes: Routes<Serving>,
}

/// The body of a server's answer, around that of its routes.
pub type ServerBody<B> = Watched<Watched<B, concurrency::Call<TokioClock>>, telemetry::Call>;

type Way<S> = Answer<Calls<deadline::Server<Rated<Parted<Limited<S>>>>, Classifier>>;

impl ServerLayer {
    /// As [`server`], with answers that are made in a way of one's own.
    ///
    /// # Errors
    /// The policy is out of range: all of it at once.
    pub fn answering(policy: ServerPolicy, answers: AnswerLayer) -> Result<Self, InvalidPolicy> {
        let handle = answers.handle();
        Ok(Self { current: Current::new(Parts::new(policy, None, Laned::new(answers))?), answers: handle })
    }

    /// To read the layers, and to change their policy.
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        ServerHandle { current: self.current.clone(), answers: self.answers.clone() }
    }
}

impl ServerHandle {
    /// Another policy, for the calls from now on. What is the same in it keeps its state.
    ///
    /// # Errors
    /// The policy is out of range; the one before stays.
    pub fn reload(&self, policy: ServerPolicy) -> Result<(), InvalidPolicy> {
        let before = self.current.get();
        self.current.replace(Parts::new(policy, Some(&before), before.answers.clone())?);
        Ok(())
    }

    /// Shows what the policy has of it: the limits by the name, and by `name/route` the calls of each route, their deadlines, and the limits that are the route's
    /// own. After a [`reload`](Self::reload) it is to be shown again, since what has changed is another one.
    pub fn show(&self, telemetry: &Telemetry, name: &str, target: &str) -> Vec<Shown> {
        let mut shown = vec![telemetry.show(name, target, self.answers.clone())];
        shown.extend(self.concurrency().map(|limit| telemetry.show(name, target, limit)));
        shown.extend(self.bulkhead().map(|bulkhead| telemetry.show(name, target, bulkhead)));
        shown.extend(self.rate_limit().map(|limit| telemetry.show(name, target, limit)));
        for route in self.current.get().routes.iter() {
            shown.extend(route.parts.show(telemetry, &format!("{name}/{}", route.name), target));
        }
        shown
    }

    /// The policy as it is.
    #[must_use]
    pub fn policy(&self) -> ServerPolicy {
        self.current.get().policy.clone()
    }

    /// The limit of the service, if there is one.
    #[must_use]
    pub fn concurrency(&self) -> Option<concurrency::Handle> {
        self.current.get().concurrency.handle()
    }

    /// The rate limit of the service, if there is one.
    #[must_use]
    pub fn rate_limit(&self) -> Option<rate_limit::Handle> {
        self.current.get().rate.handle()
    }

    /// The bulkheads of the service, if there are any.
    #[must_use]
    pub fn bulkhead(&self) -> Option<bulkhead::Handle<BulkheadKey>> {
        self.current.get().bulkhead.handle()
    }

    /// The errors that became answers.
    #[must_use]
    pub const fn answers(&self) -> &answer::Handle {
        &self.answers
    }

    /// What came of the calls of each route; the last is for those of no other.
    #[must_use]
    pub fn routes(&self) -> Vec<RouteHandle> {
        let parts = self.current.get();
        let snapshot = |route: &Route<Serving>| RouteHandle {
            name: Arc::clone(&route.name),
            calls: route.parts.calls.handle(),
        };
        parts.routes.iter().map(snapshot).collect()
    }
}

impl Parts {
    /// By a policy; what is the same in it as in the one before is kept.
    fn new(
        policy: ServerPolicy,
        before: Option<&Self>,
        answers: Laned<AnswerLayer>,
    ) -> Result<Self, InvalidPolicy> {
        policy.validate()?;
        let reads_alike = |before: &&Self| {
            (before.policy.protocol, &before.policy.exceptions) == (policy.protocol, &policy.exceptions)
        };
        // What judges answers in another way begins anew.
        let before = before.filter(reads_alike);
        let classifier = policy.protocol.classifier(&policy.exceptions);
        let same_limit = before.filter(|before| before.policy.concurrency == policy.concurrency);
        let concurrency = match same_limit {
            Some(before) => before.concurrency.clone(),
            None => LimitedLayer::new(policy.concurrency.as_ref(), &classifier)?,
        };
        let rate = match before.filter(|before| before.policy.rate_limit == policy.rate_limit) {
            Some(before) => before.rate.clone(),
            None => RatedLayer::new(policy.rate_limit.as_ref())?,
        };
        let bulkhead = match before.filter(|before| before.policy.bulkhead == policy.bulkhead) {
            Some(before) => before.bulkhead.clone(),
            None => PartedLayer::new(policy.bulkhead.as_ref())?,
        };
        let common =
            Common { rate: &rate, bulkhead: &bulkhead, concurrency: &concurrency, classifier: &classifier };
        let routes = common.routes(&policy, before.map(|before| (&before.policy, &before.routes)))?;
        Ok(Self { policy, answers, rate, bulkhead, concurrency, routes })
    }

    fn way<S: Clone>(&self, route: &Serving, routes: S) -> Way<S> {
        let limited = route.bulkhead.layer.layer(route.concurrency.layer.layer(routes));
        let limited = route.rate.layer.layer(limited);
        Answer::new(route.calls.layer(route.deadline.layer(limited)), self.answers.here())
    }
}

impl<S: Clone> Layer<S> for ServerLayer {
    type Service = Server<S>;

    fn layer(&self, routes: S) -> Server<S> {
        Server { routes, reader: Reader::new(&self.current) }
    }
}

/// A service behind the layers of a server. It cannot err, and is always ready.
#[derive(Clone, Debug)]
pub struct Server<S> {
    routes: S,
    reader: Reader<Parts>,
}

impl<S, A, B> Service<Request<A>> for Server<S>
where
    S: Service<Request<A>, Response = Response<B>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    A: Send + 'static,
    B: Body + Default + Send + 'static,
    Way<S>: Service<Request<A>, Response = Response<ServerBody<B>>, Error = Infallible, Future: Send> + Send,
{
    type Response = Response<ServerBody<B>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        let parts = self.reader.get();
        let route = parts.routes.at(parts.routes.of(&request));
        Box::pin(oneshot(parts.way(&route.parts, self.routes.clone()), request))
    }
}
