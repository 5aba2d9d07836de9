//! What the calls of each route of a server meet that is the route's own.

use super::{
    BulkheadPolicy, RatePolicy, ServerPolicy, ServerRoute,
    limited::LimitedLayer,
    parted::PartedLayer,
    policy::Classifier,
    rated::RatedLayer,
    route::{Owned, Route, Routes},
};
use crate::{
    InvalidPolicy, concurrency, deadline,
    telemetry::{CallsLayer, Shown, Telemetry},
};

/// Of one route. A limit is the service's, unless the route has one of its own.
#[derive(Clone, Debug)]
pub(super) struct Serving {
    pub(super) calls: CallsLayer<Classifier>,
    pub(super) deadline: deadline::ServerLayer,
    pub(super) rate: Owned<RatedLayer>,
    pub(super) bulkhead: Owned<PartedLayer>,
    pub(super) concurrency: Owned<LimitedLayer>,
}

/// What the routes of a server have in common.
pub(super) struct Common<'a> {
    pub(super) rate: &'a RatedLayer,
    pub(super) bulkhead: &'a PartedLayer,
    pub(super) concurrency: &'a LimitedLayer,
    pub(super) classifier: &'a Classifier,
}

/// What counts for the calls of a route.
struct Rules<'a> {
    deadline: &'a deadline::ServerPolicy,
    /// These, if the route has its own.
    rate_limit: Option<&'a RatePolicy>,
    bulkhead: Option<&'a BulkheadPolicy>,
    concurrency: Option<&'a concurrency::Policy>,
}

impl Common<'_> {
    /// The routes of a policy. What is the same in it as `before` keeps its state.
    pub(super) fn routes(
        &self,
        policy: &ServerPolicy,
        before: Option<(&ServerPolicy, &Routes<Serving>)>,
    ) -> Result<Routes<Serving>, InvalidPolicy> {
        let of_each = policy.routes.iter().map(|route| {
            let was = before.and_then(|(before, routes)| {
                let was = before.routes.iter().find(|was| was.name == route.name)?;
                Some((before.rules(Some(was)), &routes.named(&route.name)?.parts))
            });
            let parts = self.serving(&policy.rules(Some(route)), was)?;
            Ok::<_, InvalidPolicy>(Route {
                name: route.name.as_str().into(),
                matches: route.matches.clone(),
                parts,
            })
        });
        let of_each = of_each.collect::<Result<_, _>>()?;
        let was = before.map(|(before, routes)| (before.rules(None), &routes.default().parts));
        Ok(Routes::new(of_each, self.serving(&policy.rules(None), was)?))
    }

    fn serving(
        &self,
        rules: &Rules<'_>,
        was: Option<(Rules<'_>, &Serving)>,
    ) -> Result<Serving, InvalidPolicy> {
        let was = was.as_ref();
        let calls = was.map(|(_, parts)| parts.calls.clone());
        let deadline = was.filter(|(was, _)| was.deadline == rules.deadline);
        let rate = was.filter(|(was, _)| was.rate_limit == rules.rate_limit);
        let bulkhead = was.filter(|(was, _)| was.bulkhead == rules.bulkhead);
        let concurrency = was.filter(|(was, _)| was.concurrency == rules.concurrency);
        Ok(Serving {
            calls: calls.unwrap_or_else(|| CallsLayer::new(self.classifier.clone())),
            deadline: match deadline {
                Some((_, parts)) => parts.deadline.clone(),
                None => deadline::ServerLayer::new(rules.deadline.clone())?,
            },
            rate: match (rules.rate_limit, rate) {
                (None, _) => Owned { layer: self.rate.clone(), own: false },
                (Some(_), Some((_, parts))) => parts.rate.clone(),
                (own, None) => Owned { layer: RatedLayer::new(own)?, own: true },
            },
            bulkhead: match (rules.bulkhead, bulkhead) {
                (None, _) => Owned { layer: self.bulkhead.clone(), own: false },
                (Some(_), Some((_, parts))) => parts.bulkhead.clone(),
                (own, None) => Owned { layer: PartedLayer::new(own)?, own: true },
            },
            concurrency: match (rules.concurrency, concurrency) {
                (None, _) => Owned { layer: self.concurrency.clone(), own: false },
                (Some(_), Some((_, parts))) => parts.concurrency.clone(),
                (own, None) => Owned { layer: LimitedLayer::new(own, self.classifier)?, own: true },
            },
        })
    }
}

impl Serving {
    /// Shows what is the route's own, by this name.
    pub(super) fn show(&self, telemetry: &Telemetry, name: &str, target: &str) -> Vec<Shown> {
        let mut shown = vec![
            telemetry.show(name, target, self.calls.handle()),
            telemetry.show(name, target, self.deadline.handle()),
        ];
        let rate = self.rate.layer.handle().filter(|_| self.rate.own);
        shown.extend(rate.map(|limit| telemetry.show(name, target, limit)));
        let bulkhead = self.bulkhead.layer.handle().filter(|_| self.bulkhead.own);
        shown.extend(bulkhead.map(|bulkhead| telemetry.show(name, target, bulkhead)));
        let concurrency = self.concurrency.layer.handle().filter(|_| self.concurrency.own);
        shown.extend(concurrency.map(|limit| telemetry.show(name, target, limit)));
        shown
    }
}

impl ServerPolicy {
    /// What counts for a route, or for the calls of none.
    fn rules<'a>(&'a self, route: Option<&'a ServerRoute>) -> Rules<'a> {
        Rules {
            deadline: route.and_then(|route| route.deadline.as_ref()).unwrap_or(&self.deadline),
            rate_limit: route.and_then(|route| route.rate_limit.as_ref()),
            bulkhead: route.and_then(|route| route.bulkhead.as_ref()),
            concurrency: route.and_then(|route| route.concurrency.as_ref()),
        }
    }
}
