//! What there is to see of deadlines.

use super::{Family, Reading, Show};
use crate::deadline::Handle;

pub(super) const FAMILIES: &[&Family] = &[&REFUSED, &EXCEEDED, &UNREADABLE];

static REFUSED: Family = Family::counter(
    "mesh_deadline_refused_total",
    &[],
    "Calls, and tries of calls, that were not made, since what was left of the caller's time was not enough.",
);
static EXCEEDED: Family = Family::counter(
    "mesh_deadline_exceeded_total",
    &[],
    "Calls that were made and ended at their deadline, and bodies that were cut off there.",
);
static UNREADABLE: Family = Family::counter(
    "mesh_deadline_unreadable_total",
    &[],
    "Requests whose time-out could not be read; only servers have them.",
);

impl Show for Handle {
    const LAYER: &'static str = "deadline";

    fn show(&self, reading: &mut Reading<'_>) {
        let seen = self.snapshot();
        reading.count(&REFUSED, &[], seen.refused);
        reading.count(&EXCEEDED, &[], seen.exceeded);
        reading.count(&UNREADABLE, &[], seen.unreadable);
    }
}
