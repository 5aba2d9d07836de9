//! Which endpoints a caller in a zone takes.

use super::*;
use mesh::discovery::prefer_zone;

fn addresses(set: &EndpointSet) -> Vec<String> {
    set.iter().map(|endpoint| endpoint.address.to_string()).collect()
}

fn two_zones() -> EndpointSet {
    EndpointSet::from_iter([
        endpoint("10.0.0.1:80", Condition::Ready, "a", &[]),
        endpoint("10.0.0.2:80", Condition::Ready, "a", &[]),
        endpoint("10.0.0.3:80", Condition::Leaving, "a", &[]),
        endpoint("10.0.1.1:80", Condition::Ready, "b", &[]),
    ])
}

#[test]
fn calls_stay_in_their_zone() {
    let set = two_zones();
    assert_eq!(addresses(&prefer_zone(&set, "b", 1)), ["10.0.1.1:80"]);
    assert_eq!(addresses(&prefer_zone(&set, "a", 2)).len(), 3, "those that leave are there if none is ready");
}

#[test]
fn a_zone_with_too_few_ready_endpoints_spills_over() {
    let set = two_zones();
    assert_eq!(prefer_zone(&set, "b", 2), set);
    assert_eq!(prefer_zone(&set, "c", 1), set);
    assert_eq!(prefer_zone(&set, "c", 0), set, "none is never enough");
}

#[test]
fn hints_go_before_zones_if_every_ready_endpoint_has_one() {
    let hinted = |third: &[&str]| {
        EndpointSet::from_iter([
            endpoint("10.0.0.1:80", Condition::Ready, "a", &["a"]),
            endpoint("10.0.0.2:80", Condition::Ready, "a", &["b"]),
            endpoint("10.0.1.1:80", Condition::Ready, "b", third),
            endpoint("10.0.1.2:80", Condition::NotReady, "b", &[]),
        ])
    };
    let chosen = prefer_zone(&hinted(&["b"]), "b", 1);
    assert_eq!(addresses(&chosen), ["10.0.0.2:80", "10.0.1.1:80"]);
    let one_without = prefer_zone(&hinted(&[]), "b", 1);
    assert_eq!(addresses(&one_without), ["10.0.1.1:80", "10.0.1.2:80"]);
}

#[test]
fn an_empty_set_stays_empty() {
    assert!(prefer_zone(&EndpointSet::default(), "a", 1).is_empty());
}
