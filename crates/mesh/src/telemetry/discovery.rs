//! What there is to see of a source of endpoints.

use super::{Endpoints, Family, Reading, Show};
use crate::discovery::{Condition, Handle, Trouble};

pub(super) const FAMILIES: &[&Family] = &[&ENDPOINTS, &UNUSABLE, &AGE, &CHANGES, &LISTS, &TROUBLES];

static ENDPOINTS: Family = Family::gauge(
    "mesh_discovery_endpoints",
    &["condition"],
    "Endpoints that the source knows, by what they can do.",
);
static UNUSABLE: Family = Family::gauge(
    "mesh_discovery_unusable_endpoints",
    &[],
    "Endpoints that cannot be taken: without an IP address, or without the port that is asked for.",
);
static AGE: Family = Family::gauge(
    "mesh_discovery_age_seconds",
    &[],
    "For how long nobody has confirmed that the endpoints are these; it grows while the source is away.",
);
static CHANGES: Family =
    Family::counter("mesh_discovery_changes_total", &[], "How often the set of endpoints has changed.");
static LISTS: Family = Family::counter(
    "mesh_discovery_lists_total",
    &[],
    "How often all of the set was asked for and answered: answers of DNS, lists of Kubernetes.",
);
static TROUBLES: Family = Family::counter(
    "mesh_discovery_errors_total",
    &["reason"],
    "What went wrong with the source; the endpoints stay what they were.",
);

impl Show for Handle {
    const LAYER: &'static str = "discovery";

    fn show(&self, reading: &mut Reading<'_>) {
        let seen = self.snapshot();
        let [ready, leaving, not_ready] = Condition::ALL.map(|condition| {
            let count = seen.endpoints(condition);
            reading.count(&ENDPOINTS, &[condition.label()], u64::try_from(count).unwrap_or(u64::MAX));
            count
        });
        reading.count(&UNUSABLE, &[], u64::try_from(seen.unusable).unwrap_or(u64::MAX));
        if let Some(age) = seen.age {
            reading.seconds(&AGE, &[], age);
        }
        reading.count(&CHANGES, &[], seen.changes);
        reading.count(&LISTS, &[], seen.lists);
        for trouble in Trouble::ALL {
            reading.count(&TROUBLES, &[trouble.label()], seen.troubles(trouble));
        }
        let age_ms = seen.age.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX));
        reading.endpoints(Endpoints {
            kind: Self::LAYER.to_owned(),
            ready: Some(ready),
            leaving: Some(leaving),
            not_ready: Some(not_ready),
            age_ms,
            ..Endpoints::default()
        });
    }
}
