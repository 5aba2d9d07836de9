//! What there is to see of a limit on how many calls are made at a time.

use super::{Family, Limit, Reading, Show};
use crate::{clock::Clock, concurrency::Handle};

pub(super) const FAMILIES: &[&Family] =
    &[&LIMIT, &UNDER_WAY, &WAITING, &FLOOR, &WAITED, &WOULD_HAVE_SHED, &REFUSED];

static LIMIT: Family =
    Family::gauge("mesh_concurrency_limit", &[], "How many calls may be under way at a time.");
static UNDER_WAY: Family =
    Family::gauge("mesh_concurrency_calls", &[], "Calls that are under way, of those that the limit counts.");
static WAITING: Family =
    Family::gauge("mesh_concurrency_queue_calls", &[], "Calls that wait until there is room.");
static FLOOR: Family = Family::gauge(
    "mesh_concurrency_floor_seconds",
    &[],
    "What a call takes where nothing waits inside of the service, as an adaptive limit has measured it last.",
);
static WAITED: Family =
    Family::counter("mesh_concurrency_waited_total", &[], "Calls that had to wait, whatever became of them.");
static WOULD_HAVE_SHED: Family = Family::counter(
    "mesh_concurrency_would_have_shed_total",
    &[],
    "Calls that found no room and went through all the same, since the policy is not enforced for all.",
);
static REFUSED: Family = Family::counter(
    "mesh_concurrency_refused_total",
    &["priority", "reason"],
    "Calls that were not made, by how important they are and why.",
);

impl<C: Clock> Show for Handle<C> {
    const LAYER: &'static str = "concurrency";

    fn show(&self, reading: &mut Reading<'_>) {
        let seen = self.snapshot();
        let [limit, under_way, waiting] = [seen.limit, seen.under_way, seen.waiting].map(u64::from);
        reading.count(&LIMIT, &[], limit);
        reading.count(&UNDER_WAY, &[], under_way);
        reading.count(&WAITING, &[], waiting);
        if let Some(floor) = seen.floor {
            reading.seconds(&FLOOR, &[], floor);
        }
        reading.count(&WAITED, &[], seen.waited);
        reading.count(&WOULD_HAVE_SHED, &[], seen.would_have_shed);
        for (priority, why, count) in seen.refused.iter() {
            reading.count(&REFUSED, &[priority.label(), why.label()], count);
        }
        reading.limit(Limit {
            kind: Self::LAYER.to_owned(),
            limit: Some(limit),
            under_way: Some(under_way),
            waiting,
            refused: seen.refused.total(),
            ..Limit::default()
        });
    }
}
