//! What there is to see of a limit on how many calls are made in a time.

use super::{Family, Limit, Reading, Show};
use crate::rate_limit::Handle;

pub(super) const FAMILIES: &[&Family] = &[&REFUSED, &EXEMPT, &CROWDED, &ROOM];

static REFUSED: Family = Family::counter(
    "mesh_rate_limit_refused_total",
    &[],
    "Calls that were not made, since their key had made enough.",
);
static EXEMPT: Family =
    Family::counter("mesh_rate_limit_exempt_total", &[], "Calls that have no limit, by their key.");
static CROWDED: Family = Family::counter(
    "mesh_rate_limit_crowded_total",
    &[],
    "Calls of new keys that took the place of one that still owed something, since there is too little room for all.",
);
static ROOM: Family = Family::gauge(
    "mesh_rate_limit_room_keys",
    &[],
    "Keys that there is room for; 1 where one limit is for all.",
);

impl Show for Handle {
    const LAYER: &'static str = "rate_limit";

    fn show(&self, reading: &mut Reading<'_>) {
        let seen = self.snapshot();
        reading.count(&REFUSED, &[], seen.refused);
        reading.count(&EXEMPT, &[], seen.exempt);
        reading.count(&CROWDED, &[], seen.crowded);
        reading.count(&ROOM, &[], seen.room);
        reading.limit(Limit { kind: Self::LAYER.to_owned(), refused: seen.refused, ..Limit::default() });
    }
}
