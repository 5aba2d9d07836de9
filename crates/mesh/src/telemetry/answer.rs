//! What there is to see of errors that became answers.

use super::{Family, Reading, Show};
use crate::answer::Handle;

pub(super) const FAMILIES: &[&Family] = &[&ANSWERS];

static ANSWERS: Family = Family::counter(
    "mesh_error_answers_total",
    &["kind"],
    "Errors that were answered in the caller's protocol: of calls that were refused, that timed out, that failed otherwise.",
);

impl Show for Handle {
    const LAYER: &'static str = "answer";

    fn show(&self, reading: &mut Reading<'_>) {
        let seen = self.snapshot();
        for (kind, count) in
            [("refused", seen.refused), ("timed_out", seen.timed_out), ("failed", seen.failed)]
        {
            reading.count(&ANSWERS, &[kind], count);
        }
    }
}
