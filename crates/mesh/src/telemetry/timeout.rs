//! What there is to see of tries that take too long.

use super::{Family, Reading, Show};
use crate::timeout::Handle;

pub(super) const FAMILIES: &[&Family] = &[&TIMEOUTS];

static TIMEOUTS: Family = Family::counter(
    "mesh_timeouts_total",
    &["reason"],
    "Tries that took too long: until their headers, until the end of their body, or for the deadline of their call.",
);

impl Show for Handle {
    const LAYER: &'static str = "timeout";

    fn show(&self, reading: &mut Reading<'_>) {
        let seen = self.snapshot();
        for (reason, count) in [("headers", seen.headers), ("body", seen.body), ("deadline", seen.deadline)] {
            reading.count(&TIMEOUTS, &[reason], count);
        }
    }
}
