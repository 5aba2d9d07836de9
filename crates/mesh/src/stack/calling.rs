//! What the calls of each route of a client meet that is the route's own.

use super::{
    BulkheadPolicy, ClientPolicy,
    attempts::AttemptsLayer,
    parted::PartedLayer,
    policy::{AttemptPolicy, Classifier, DEFAULT_ROUTE},
    route::{Owned, Route, Routes},
};
use crate::{
    InvalidPolicy,
    budget::Budget,
    deadline::{self, HeaderLayer},
    telemetry::{CallsLayer, Shown, Telemetry},
    timeout::{self, TimeoutLayer},
};

/// Of one route.
#[derive(Clone, Debug)]
pub(super) struct Calling {
    pub(super) calls: CallsLayer<Classifier>,
    pub(super) deadline: deadline::ClientLayer,
    pub(super) bulkhead: Owned<PartedLayer>,
    pub(super) attempts: AttemptsLayer,
    pub(super) timeout: Owned<TimeoutLayer>,
    pub(super) headers: HeaderLayer,
}

/// What the routes of a client have in common.
pub(super) struct Common<'a> {
    pub(super) bulkhead: &'a PartedLayer,
    pub(super) budget: &'a Budget,
    pub(super) timeout: &'a TimeoutLayer,
    pub(super) classifier: &'a Classifier,
    pub(super) seed: Option<u64>,
}

/// What counts for the calls of a route.
#[derive(PartialEq)]
struct Rules<'a> {
    deadline: &'a deadline::ClientPolicy,
    attempts: &'a AttemptPolicy,
    /// These, if the route has its own.
    bulkhead: Option<&'a BulkheadPolicy>,
    timeout: Option<&'a timeout::Policy>,
}

impl Common<'_> {
    /// The routes of a policy. One for which the same counts as `before` keeps its state.
    pub(super) fn routes(
        &self,
        policy: &ClientPolicy,
        before: Option<(&ClientPolicy, &Routes<Calling>)>,
    ) -> Result<Routes<Calling>, InvalidPolicy> {
        let calling = |name: &str| {
            let rules = policy.rules(name);
            let was = before.and_then(|(before, routes)| {
                let route = routes.named(name)?;
                before.has(name).then(|| (before.rules(name), &route.parts))
            });
            self.calling(policy, &rules, was)
        };
        let routes = policy.routes.iter().map(|route| {
            let parts = calling(&route.name)?;
            Ok::<_, InvalidPolicy>(Route {
                name: route.name.as_str().into(),
                matches: route.matches.clone(),
                parts,
            })
        });
        Ok(Routes::new(routes.collect::<Result<_, _>>()?, calling(DEFAULT_ROUTE)?))
    }

    fn calling(
        &self,
        policy: &ClientPolicy,
        rules: &Rules<'_>,
        was: Option<(Rules<'_>, &Calling)>,
    ) -> Result<Calling, InvalidPolicy> {
        let kept = was.as_ref().filter(|(was, _)| was == rules).map(|(_, parts)| *parts);
        let bulkhead = was.as_ref().filter(|(was, _)| was.bulkhead == rules.bulkhead);
        let (calls, deadline, attempts) = match kept {
            Some(kept) => (kept.calls.clone(), kept.deadline.clone(), kept.attempts.clone()),
            None => (
                CallsLayer::new(self.classifier.clone()),
                policy.protocol.deadline(rules.deadline)?,
                AttemptsLayer::new(rules.attempts.clone(), self.budget, self.classifier, self.seed)?,
            ),
        };
        let timeout = match (rules.timeout, kept) {
            (None, _) => Owned { layer: self.timeout.clone(), own: false },
            (Some(_), Some(kept)) => kept.timeout.clone(),
            (Some(own), None) => Owned { layer: policy.protocol.timeout(own)?, own: true },
        };
        let bulkhead = match (rules.bulkhead, bulkhead) {
            (None, _) => Owned { layer: self.bulkhead.clone(), own: false },
            (Some(_), Some((_, parts))) => parts.bulkhead.clone(),
            (own, None) => Owned { layer: PartedLayer::new(own)?, own: true },
        };
        let until_headers = rules.timeout.unwrap_or(&policy.timeout).headers;
        let headers = deadline.headers(policy.protocol.of_deadlines()).at_most(until_headers);
        Ok(Calling { calls, deadline, bulkhead, attempts, timeout, headers })
    }
}

impl Calling {
    /// Shows what is the route's own, by this name.
    pub(super) fn show(&self, telemetry: &Telemetry, name: &str, target: &str) -> Vec<Shown> {
        let mut shown = vec![
            telemetry.show(name, target, self.calls.handle()),
            telemetry.show(name, target, self.deadline.handle()),
        ];
        let bulkhead = self.bulkhead.layer.handle().filter(|_| self.bulkhead.own);
        shown.extend(bulkhead.map(|bulkhead| telemetry.show(name, target, bulkhead)));
        shown.extend(match &self.attempts {
            AttemptsLayer::Once => None,
            AttemptsLayer::Retry(retry) => Some(telemetry.show(name, target, retry.handle())),
            AttemptsLayer::Hedge(hedge) => Some(telemetry.show(name, target, hedge.handle())),
        });
        shown.extend(self.timeout.own.then(|| telemetry.show(name, target, self.timeout.layer.handle())));
        shown
    }
}

impl ClientPolicy {
    /// Whether there can be a second try on any route.
    pub(super) fn tries_again(&self) -> bool {
        let of_routes = self.routes.iter().filter_map(|route| route.attempts.as_ref());
        !of_routes.chain([&self.attempts]).all(AttemptPolicy::is_once)
    }

    fn has(&self, name: &str) -> bool {
        name == DEFAULT_ROUTE || self.routes.iter().any(|route| route.name == name)
    }

    /// What counts for the route of a name; for one that there is not, as for all others.
    fn rules(&self, name: &str) -> Rules<'_> {
        let route = self.routes.iter().find(|route| route.name == name);
        Rules {
            deadline: route.and_then(|route| route.deadline.as_ref()).unwrap_or(&self.deadline),
            attempts: route.and_then(|route| route.attempts.as_ref()).unwrap_or(&self.attempts),
            bulkhead: route.and_then(|route| route.bulkhead.as_ref()),
            timeout: route.and_then(|route| route.timeout.as_ref()),
        }
    }
}
