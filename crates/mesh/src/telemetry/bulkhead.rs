//! What there is to see of bulkheads.

use std::hash::Hash;

use super::{Family, Limit, Reading, Show};
use crate::bulkhead::Handle;

pub(super) const FAMILIES: &[&Family] = &[&KEYS, &SHARED, &REFUSED];

static KEYS: Family =
    Family::gauge("mesh_bulkhead_keys", &[], "Keys that have calls under way in a compartment of their own.");
static SHARED: Family = Family::counter(
    "mesh_bulkhead_shared_total",
    &[],
    "Calls that had to share a compartment, since there were too many keys.",
);
static REFUSED: Family = Family::counter(
    "mesh_bulkhead_refused_total",
    &[],
    "Calls that were not made, since their compartment was full.",
);

impl<K: Hash + Eq + Clone + Send + Sync + 'static> Show for Handle<K> {
    const LAYER: &'static str = "bulkhead";

    fn show(&self, reading: &mut Reading<'_>) {
        let seen = self.snapshot();
        reading.count(&KEYS, &[], seen.keys);
        reading.count(&SHARED, &[], seen.shared);
        reading.count(&REFUSED, &[], seen.refused);
        reading.limit(Limit { kind: Self::LAYER.to_owned(), refused: seen.refused, ..Limit::default() });
    }
}
