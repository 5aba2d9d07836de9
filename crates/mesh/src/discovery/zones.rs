//! Calls that stay in their zone, where that serves.

use super::{Condition, Endpoint, EndpointSet};

/// The endpoints for a caller in a zone: those that are meant for it, as long as `enough` of them are ready; else all, so that a zone that
/// is about to be empty, or has too few endpoints for its callers, spills over into the others.
///
/// Meant for a zone are the endpoints whose hints name it, where every ready endpoint has hints, which is how Kubernetes spreads callers
/// over zones that differ in size; else those that are in the zone. It is how kube-proxy reads hints, too.
#[must_use]
pub fn prefer_zone(set: &EndpointSet, zone: &str, enough: usize) -> EndpointSet {
    let ready = || set.iter().filter(|endpoint| endpoint.condition == Condition::Ready);
    let hinted = ready().all(|endpoint| !endpoint.for_zones.is_empty());
    let is_meant = |endpoint: &Endpoint| {
        if hinted {
            endpoint.for_zones.iter().any(|named| &**named == zone)
        } else {
            endpoint.zone.as_deref() == Some(zone)
        }
    };
    if ready().filter(|endpoint| is_meant(endpoint)).count() < enough.max(1) {
        return set.clone();
    }
    set.iter().filter(|endpoint| is_meant(endpoint)).cloned().collect()
}
