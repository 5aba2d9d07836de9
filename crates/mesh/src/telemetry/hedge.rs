//! What there is to see of hedges. Their budget is shown by itself.

use super::{Family, Reading, Show};
use crate::{clock::Clock, hedge::Handle};

pub(super) const FAMILIES: &[&Family] = &[&SENT, &WON, &NOT_SENT, &DUE_AFTER];

static SENT: Family = Family::counter("mesh_hedges_total", &[], "Hedges that were sent.");
static WON: Family = Family::counter("mesh_hedges_won_total", &[], "Hedges that gave the answer.");
static NOT_SENT: Family = Family::counter(
    "mesh_hedges_not_sent_total",
    &["reason"],
    "Hedges that were due and were not sent, and why.",
);
static DUE_AFTER: Family = Family::gauge(
    "mesh_hedge_due_seconds",
    &[],
    "After how long a hedge is due; absent while too few calls are known.",
);

impl<C: Clock> Show for Handle<C> {
    const LAYER: &'static str = "hedge";

    fn show(&self, reading: &mut Reading<'_>) {
        let seen = self.snapshot();
        reading.count(&SENT, &[], seen.sent);
        reading.count(&WON, &[], seen.won);
        for (reason, count) in &seen.not_sent {
            reading.count(&NOT_SENT, &[reason.label()], *count);
        }
        if let Some(due_after) = seen.due_after {
            reading.seconds(&DUE_AFTER, &[], due_after);
        }
    }
}
