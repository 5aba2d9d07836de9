//! What there is to see of a balancer. In numbers its endpoints are counted, not named: their addresses come and go. The report has them one
//! by one.

use std::time::Duration;

use super::{Endpoints, Family, Reading, Show, report};
use crate::{
    balance::{EndpointSnapshot, Handle, Reason, Spared},
    clock::Clock,
};

pub(super) const FAMILIES: &[&Family] =
    &[&ENDPOINTS, &PANICKING, &PICKS, &PANIC_PICKS, &PANICS, &EJECTIONS, &SPARED, &RETURNED, &SETS];

static ENDPOINTS: Family = Family::gauge(
    "mesh_balance_endpoints",
    &["state"],
    "Endpoints of the balancer: all, those in use, those that get calls as they should, those that are ejected, and those whose breaker does not let everybody through.",
);
static PANICKING: Family = Family::gauge(
    "mesh_balance_panicking",
    &[],
    "1 while too few endpoints are eligible, so that ejections and slow start are ignored; else 0.",
);
static PICKS: Family = Family::counter(
    "mesh_balance_picks_total",
    &[],
    "How often an endpoint was chosen, or found that there is none.",
);
static PANIC_PICKS: Family = Family::counter(
    "mesh_balance_panic_picks_total",
    &[],
    "How often that was while too few endpoints were eligible.",
);
static PANICS: Family = Family::counter(
    "mesh_balance_panics_total",
    &[],
    "How often there came to be too few endpoints that are eligible.",
);
static EJECTIONS: Family =
    Family::counter("mesh_balance_ejections_total", &["reason"], "Endpoints that were ejected, and why.");
static SPARED: Family = Family::counter(
    "mesh_balance_ejections_spared_total",
    &["reason"],
    "Endpoints that were to be ejected and were not, and why not.",
);
static RETURNED: Family =
    Family::counter("mesh_balance_returns_total", &[], "Endpoints whose ejection was over.");
static SETS: Family = Family::counter(
    "mesh_balance_sets_total",
    &[],
    "How often the balancer was told which endpoints there are.",
);

impl<S: Send + Sync + 'static, C: Clock> Show for Handle<S, C> {
    const LAYER: &'static str = "balance";

    fn show(&self, reading: &mut Reading<'_>) {
        let seen = self.snapshot();
        let endpoints = [
            ("total", seen.total),
            ("used", seen.used),
            ("eligible", seen.eligible),
            ("ejected", seen.ejected),
            ("open", seen.open),
        ];
        for (state, count) in endpoints {
            reading.count(&ENDPOINTS, &[state], u64::try_from(count).unwrap_or(u64::MAX));
        }
        reading.count(&PANICKING, &[], u64::from(seen.panicking));
        reading.count(&PICKS, &[], seen.picks);
        reading.count(&PANIC_PICKS, &[], seen.panic_picks);
        reading.count(&PANICS, &[], seen.panics);
        for reason in [Reason::ConsecutiveFailures(0), Reason::SuccessRate { percent: 0, least: 0 }] {
            reading.count(&EJECTIONS, &[reason.label()], seen.ejections(reason));
        }
        for spared in [Spared::Limit, Spared::NotEnforced] {
            reading.count(&SPARED, &[spared.label()], seen.spared(spared));
        }
        reading.count(&RETURNED, &[], seen.returned);
        reading.count(&SETS, &[], seen.sets);
        reading.endpoints(Endpoints {
            kind: Self::LAYER.to_owned(),
            eligible: Some(seen.eligible),
            ejected: Some(seen.ejected),
            open: Some(seen.open),
            panicking: Some(seen.panicking),
            endpoints: seen.endpoints.iter().map(row).collect(),
            ..Endpoints::default()
        });
    }
}

fn row(endpoint: &EndpointSnapshot) -> report::Endpoint {
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    report::Endpoint {
        address: endpoint.address,
        condition: endpoint.condition.label().to_owned(),
        breaker: endpoint.breaker.map(|state| state.label().to_owned()),
        ejected: endpoint.ejected,
        pending: endpoint.pending,
        answers_in_ms: endpoint.answers_in.map(millis),
    }
}
