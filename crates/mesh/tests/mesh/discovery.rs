//! Sources of endpoints: what is followed, and what is shown of it whatever happens to it.

#[cfg(feature = "kubernetes")]
mod api_server;
mod dns;
#[cfg(feature = "kubernetes")]
mod kubernetes;
mod slices;
mod zones;

use std::{net::SocketAddr, time::Duration};

use mesh::discovery::{Condition, Endpoint, EndpointSet, fixed};

const SECOND: Duration = Duration::from_secs(1);

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

/// What is in a set: the addresses that are ready.
fn ready(set: &EndpointSet) -> Vec<String> {
    let ready = set.iter().filter(|endpoint| endpoint.condition == Condition::Ready);
    ready.map(|endpoint| endpoint.address.to_string()).collect()
}

fn endpoint(text: &str, condition: Condition, zone: &str, for_zones: &[&str]) -> Endpoint {
    Endpoint {
        condition,
        zone: Some(zone.into()),
        for_zones: for_zones.iter().map(|&zone| zone.into()).collect(),
        ..Endpoint::new(address(text))
    }
}

#[tokio::test(start_paused = true)]
async fn a_fixed_set_is_known_at_once_never_changes_and_never_grows_old() {
    let source =
        fixed(["10.0.0.2:80", "10.0.0.1:80", "10.0.0.2:80"].map(|text| Endpoint::new(address(text))));
    let mut endpoints = source.endpoints();
    assert_eq!(
        endpoints.borrow_and_update().as_ref().map(ready).expect("a set"),
        ["10.0.0.1:80", "10.0.0.2:80"]
    );
    let seen = source.handle().snapshot();
    assert_eq!((seen.endpoints(Condition::Ready), seen.changes, seen.age), (2, 1, None));
    tokio::time::timeout(SECOND * 3600, endpoints.changed()).await.expect_err("no change while it is held");
    drop(source);
    assert!(endpoints.changed().await.is_err());
}
