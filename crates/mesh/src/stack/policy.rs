//! What a stack is made by.

use std::{convert::Infallible, fmt};

use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::{BulkheadPolicy, Matches, RatePolicy};
use crate::{
    BoxError, InvalidPolicy, Refused, Why, budget, circuit_breaker,
    classify::{AnyProtocol, Code, Grpc, Http, OfError, Outcome},
    concurrency, deadline, hedge,
    policy::Problems,
    retry,
    timeout::{self, TimeoutLayer},
};

/// How a service is called.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientPolicy {
    /// What it speaks. Default: HTTP.
    pub protocol: Protocol,
    /// Answers that mean something else than [usual](crate::classify). Default: none.
    pub exceptions: Vec<Exception>,
    /// How long calls may take.
    pub deadline: deadline::ClientPolicy,
    /// How long a try may take.
    pub timeout: timeout::Policy,
    /// How many calls each key may have under way. Default: `None`, as many as there are.
    pub bulkhead: Option<BulkheadPolicy>,
    /// How many calls are made at a time. Default: `None`, as many as there are.
    pub concurrency: Option<concurrency::Policy>,
    /// What is tried more than once. Default: nothing.
    pub attempts: AttemptPolicy,
    /// How many further attempts there may be, of all routes together.
    pub budget: budget::Policy,
    /// When the service is not called. `None`: it always is. Default: the [breaker's own](circuit_breaker::Policy).
    pub circuit_breaker: Option<circuit_breaker::Policy>,
    /// What is different for some of the calls; the first that fits counts. Up to 64.
    pub routes: Vec<ClientRoute>,
}

/// What is different for some of the calls.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientRoute {
    /// What metrics call it: each its own, of 1 to 64 letters, digits, `_`, `-` and `.`.
    pub name: String,
    /// Which calls.
    pub matches: Matches,
    /// How long they may take, and with how little left no try is sent. Default: as the service's.
    pub deadline: Option<deadline::ClientPolicy>,
    /// How many of them each key may have under way, beside all others. Default: they share the service's bulkheads.
    pub bulkhead: Option<BulkheadPolicy>,
    /// How long a try of them may take. Default: as the service's.
    pub timeout: Option<timeout::Policy>,
    /// What is tried more than once of them. Default: as the service's.
    pub attempts: Option<AttemptPolicy>,
}

/// What is tried more than once. Both retries and hedges on one route would multiply each other, so it is one or the other.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptPolicy {
    /// Nothing.
    #[default]
    Once,
    /// What failed.
    Retry(retry::Policy),
    /// What takes long.
    Hedge(hedge::Policy),
}

/// How a service answers.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerPolicy {
    /// What it speaks. Default: HTTP.
    pub protocol: Protocol,
    /// Answers that mean something else than [usual](crate::classify). Default: none.
    pub exceptions: Vec<Exception>,
    /// How long callers may wait.
    pub deadline: deadline::ServerPolicy,
    /// How many calls there may be in a time. Default: `None`, as many as come.
    pub rate_limit: Option<RatePolicy>,
    /// How many calls of each key are worked on at a time. Default: `None`, as many as there are.
    pub bulkhead: Option<BulkheadPolicy>,
    /// How many calls are worked on at a time. Default: `None`, as many as there are.
    pub concurrency: Option<concurrency::Policy>,
    /// What is different for some of the calls; the first that fits counts. Up to 64.
    pub routes: Vec<ServerRoute>,
}

/// What is different for some of the calls of a server.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerRoute {
    /// What metrics call it: each its own, of 1 to 64 letters, digits, `_`, `-` and `.`.
    pub name: String,
    /// Which calls.
    pub matches: Matches,
    /// How long their callers may wait. Default: as the service's.
    pub deadline: Option<deadline::ServerPolicy>,
    /// How many of them there may be in a time, beside all others. Default: they share the service's limit.
    pub rate_limit: Option<RatePolicy>,
    /// How many of them of each key are worked on at a time, beside all others. Default: they share the service's bulkheads.
    pub bulkhead: Option<BulkheadPolicy>,
    /// How many of them are worked on at a time, beside all others. Default: they share the service's limit.
    pub concurrency: Option<concurrency::Policy>,
}

/// What a service speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// HTTP, by status.
    #[default]
    Http,
    /// gRPC, by code.
    Grpc,
}

/// An answer that means something else than usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// The HTTP status, 100 to 599, or the code of gRPC, 0 to 16.
    pub status: u16,
    /// What it means.
    pub outcome: Outcome,
}

/// The call broke off on the side of the caller, whose body of a request failed, say. A transport that can tell hands errors on as this, so that nobody
/// takes them for the service's.
#[derive(Debug)]
pub struct BrokenOff(pub BoxError);

impl fmt::Display for BrokenOff {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the caller broke off")
    }
}

impl std::error::Error for BrokenOff {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}

/// What errors of a stack say of the service that is called.
#[derive(Clone, Copy, Debug, Default)]
pub struct OwnErrors;

impl OfError<BoxError> for OwnErrors {
    /// What a layer inside did not send says nothing of the service, unless that is for the service's own sake.
    fn outcome(&self, error: &BoxError) -> Outcome {
        if error.is::<BrokenOff>() {
            return Outcome::Cancelled;
        }
        match error.downcast_ref::<Refused>().map(Refused::why) {
            None => Outcome::Failure,
            Some(Why::OutOfTime) => Outcome::Cancelled,
            Some(_) => Outcome::Throttled,
        }
    }
}

/// Of routes that cannot err, as axum's.
impl OfError<Infallible> for OwnErrors {
    fn outcome(&self, error: &Infallible) -> Outcome {
        match *error {}
    }
}

/// How a stack finds out what came of a call.
pub type Classifier = AnyProtocol<OwnErrors>;

impl Protocol {
    pub(super) fn classifier(self, exceptions: &[Exception]) -> Classifier {
        match self {
            Self::Http => {
                let http = Http::new().errors(OwnErrors);
                let except = |http: Http<_>, it: &Exception| http.status(it.status..=it.status, it.outcome);
                AnyProtocol::Http(exceptions.iter().fold(http, except))
            }
            Self::Grpc => {
                let grpc = Grpc::new().errors(OwnErrors);
                let except =
                    |grpc: Grpc<_>, it: &Exception| grpc.code(Code::new(it.status.into()), it.outcome);
                AnyProtocol::Grpc(exceptions.iter().fold(grpc, except))
            }
        }
    }

    pub(super) const fn of_deadlines(self) -> deadline::Protocol {
        match self {
            Self::Http => deadline::Protocol::Http,
            Self::Grpc => deadline::Protocol::Grpc,
        }
    }

    /// The layer of a client's deadline.
    pub(super) fn deadline(
        self,
        policy: &deadline::ClientPolicy,
    ) -> Result<deadline::ClientLayer, InvalidPolicy> {
        let layer = deadline::ClientLayer::new(policy.clone())?;
        Ok(match self {
            Self::Http => layer,
            Self::Grpc => layer.by_grpc(),
        })
    }

    /// The layer of the time-outs of a client's tries.
    pub(super) fn timeout(self, policy: &timeout::Policy) -> Result<TimeoutLayer, InvalidPolicy> {
        let layer = TimeoutLayer::new(policy.clone())?;
        Ok(match self {
            Self::Http => layer,
            Self::Grpc => layer.by_grpc(),
        })
    }

    fn check(self, exceptions: &[Exception], problems: &mut Problems) {
        let known = |status: u16| match self {
            Self::Http => StatusCode::from_u16(status).is_ok() && status < 600,
            Self::Grpc => status <= 16,
        };
        let range = match self {
            Self::Http => "statuses of HTTP, 100 to 599",
            Self::Grpc => "codes of gRPC, 0 to 16",
        };
        problems.check(exceptions.iter().all(|it| known(it.status)), "exceptions", range);
    }
}

impl Default for ClientPolicy {
    fn default() -> Self {
        Self {
            protocol: Protocol::default(),
            exceptions: vec![],
            deadline: deadline::ClientPolicy::default(),
            timeout: timeout::Policy::default(),
            bulkhead: None,
            concurrency: None,
            attempts: AttemptPolicy::default(),
            budget: budget::Policy::default(),
            circuit_breaker: Some(circuit_breaker::Policy::default()),
            routes: vec![],
        }
    }
}

impl ClientPolicy {
    /// Looks at every field.
    ///
    /// # Errors
    /// All fields that are out of their range, by their paths.
    pub fn validate(&self) -> Result<(), InvalidPolicy> {
        let mut problems = Problems::default();
        self.protocol.check(&self.exceptions, &mut problems);
        problems.within("deadline", |problems| self.deadline.check(problems));
        problems.within("timeout", |problems| self.timeout.check(problems));
        check_bulkhead(self.bulkhead.as_ref(), &mut problems);
        check_limit(self.concurrency.as_ref(), &mut problems);
        self.attempts.check(&mut problems);
        problems.within("budget", |problems| self.budget.check(problems));
        if let Some(breaker) = &self.circuit_breaker {
            problems.within("circuit_breaker", |problems| breaker.check(problems));
        }
        check_names(self.routes.iter().map(|route| &*route.name), &mut problems);
        for (index, route) in self.routes.iter().enumerate() {
            problems.within(&format!("routes[{index}]"), |problems| route.check(problems));
        }
        problems.finish()
    }
}

impl ClientRoute {
    fn check(&self, problems: &mut Problems) {
        problems.within("matches", |problems| self.matches.check(problems));
        if let Some(deadline) = &self.deadline {
            problems.within("deadline", |problems| deadline.check(problems));
        }
        if let Some(timeout) = &self.timeout {
            problems.within("timeout", |problems| timeout.check(problems));
        }
        check_bulkhead(self.bulkhead.as_ref(), problems);
        if let Some(attempts) = &self.attempts {
            attempts.check(problems);
        }
    }
}

impl ServerPolicy {
    /// Looks at every field.
    ///
    /// # Errors
    /// All fields that are out of their range, by their paths.
    pub fn validate(&self) -> Result<(), InvalidPolicy> {
        let mut problems = Problems::default();
        self.protocol.check(&self.exceptions, &mut problems);
        problems.within("deadline", |problems| self.deadline.check(problems));
        if let Some(rate) = &self.rate_limit {
            problems.within("rate_limit", |problems| rate.check(problems));
        }
        check_bulkhead(self.bulkhead.as_ref(), &mut problems);
        check_limit(self.concurrency.as_ref(), &mut problems);
        check_names(self.routes.iter().map(|route| &*route.name), &mut problems);
        for (index, route) in self.routes.iter().enumerate() {
            problems.within(&format!("routes[{index}]"), |problems| route.check(problems));
        }
        problems.finish()
    }
}

impl ServerRoute {
    fn check(&self, problems: &mut Problems) {
        problems.within("matches", |problems| self.matches.check(problems));
        if let Some(deadline) = &self.deadline {
            problems.within("deadline", |problems| deadline.check(problems));
        }
        if let Some(rate) = &self.rate_limit {
            problems.within("rate_limit", |problems| rate.check(problems));
        }
        check_bulkhead(self.bulkhead.as_ref(), problems);
        check_limit(self.concurrency.as_ref(), problems);
    }
}

impl AttemptPolicy {
    /// Whether there can be a second try.
    pub(super) const fn is_once(&self) -> bool {
        matches!(self, Self::Once)
    }

    fn check(&self, problems: &mut Problems) {
        let own = "is one for all routes: see `budget` of the whole policy";
        match self {
            Self::Once => {}
            Self::Retry(retry) => problems.within("attempts.retry", |problems| {
                retry.check(problems);
                problems.check(retry.budget == budget::Policy::default(), "budget", own);
            }),
            Self::Hedge(hedge) => problems.within("attempts.hedge", |problems| {
                hedge.check(problems);
                problems.check(hedge.budget == budget::Policy::default(), "budget", own);
            }),
        }
    }
}

fn check_bulkhead(bulkhead: Option<&BulkheadPolicy>, problems: &mut Problems) {
    if let Some(bulkhead) = bulkhead {
        problems.within("bulkhead", |problems| bulkhead.check(problems));
    }
}

fn check_limit(limit: Option<&concurrency::Policy>, problems: &mut Problems) {
    if let Some(limit) = limit {
        problems.within("concurrency", |problems| limit.check(problems));
    }
}

/// The names of routes are labels of metrics.
fn check_names<'a>(names: impl ExactSizeIterator<Item = &'a str> + Clone, problems: &mut Problems) {
    problems.check(names.len() <= 64, "routes", "up to 64");
    let is_plain = |name: &str| {
        (1..=64).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
    };
    for (index, name) in names.clone().enumerate() {
        let field = format!("routes[{index}].name");
        problems.check(is_plain(name), &field, "1 to 64 letters, digits, `_`, `-` and `.`");
        let is_own = name != DEFAULT_ROUTE && !names.clone().take(index).any(|before| before == name);
        problems.check(is_own, &field, "each route has a name of its own, and none is called `default`");
    }
}

/// What metrics call the calls that no route is for.
pub(super) const DEFAULT_ROUTE: &str = "default";
