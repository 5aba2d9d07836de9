//! What there is to see of retries. Their budget is shown by itself.

use super::{Family, Reading, Show};
use crate::{clock::Clock, retry::Handle};

pub(super) const FAMILIES: &[&Family] = &[&RETRIES, &ENDED, &SAVED];

static RETRIES: Family =
    Family::counter("mesh_retries_total", &["reason"], "Attempts that were made beyond the first, and why.");
static ENDED: Family = Family::counter(
    "mesh_retry_ended_total",
    &["reason"],
    "Calls that failed and were not tried again, or not once more, and why.",
);
static SAVED: Family =
    Family::counter("mesh_retry_saved_total", &[], "Calls that went well with a further attempt.");

impl<C: Clock> Show for Handle<C> {
    const LAYER: &'static str = "retry";

    fn show(&self, reading: &mut Reading<'_>) {
        let seen = self.snapshot();
        for (reason, count) in &seen.retries {
            reading.count(&RETRIES, &[reason.label()], *count);
        }
        for (reason, count) in &seen.ended {
            reading.count(&ENDED, &[reason.label()], *count);
        }
        reading.count(&SAVED, &[], seen.saved);
    }
}
