//! What there is to see of a budget.

use super::{Family, Reading, Show, report};
use crate::{budget::Budget, clock::Clock};

pub(super) const FAMILIES: &[&Family] = &[&LEFT, &ATTEMPTS];

static LEFT: Family =
    Family::gauge("mesh_budget_left_attempts", &[], "Attempts beyond the first for which there is room now.");
static ATTEMPTS: Family = Family::counter(
    "mesh_budget_attempts_total",
    &["result"],
    "Attempts beyond the first that were asked for: granted, those that were given back among them, or denied.",
);

impl<C: Clock> Show for Budget<C> {
    const LAYER: &'static str = "budget";

    fn show(&self, reading: &mut Reading<'_>) {
        let seen = self.snapshot();
        reading.count(&LEFT, &[], seen.left);
        reading.count(&ATTEMPTS, &["granted"], seen.granted);
        reading.count(&ATTEMPTS, &["denied"], seen.denied);
        reading.budget(report::Budget {
            left: seen.left,
            granted: seen.granted,
            denied: seen.denied,
            ..report::Budget::default()
        });
    }
}
