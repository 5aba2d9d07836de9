//! Views that begin later than what they show, behind the real owners.

use serde_json::Value;
use views::Feed;

use crate::{
    bus::Bus,
    owners::House,
    support::{Views, platform, until},
};

/// Orders that end in different ways, before anybody looks.
async fn busy(house: &House) {
    house.product("TEA", 10).await;
    house.product("CUPS", 1).await;
    let (rich, poor) = (house.customer(100_000).await, house.customer(50).await);
    for (customer, sku, quantity) in [(rich, "TEA", 2), (rich, "CUPS", 5), (poor, "TEA", 1), (rich, "TEA", 3)]
    {
        house.order(customer, sku, quantity).await;
    }
    house.until_settled().await;
}

/// The lists of the owner and of the views are the same, to the byte of each document.
async fn agrees(house: &House, views: &Views) {
    for path in ["/v1/orders?limit=100", "/v1/orders?sku=TEA", "/v1/orders?status=REJECTED&limit=1"] {
        let owner: Value = house.get(path).await.json().unwrap();
        until(path, async || (views.get(path).await == owner).then_some(())).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_that_is_added_later_has_what_happened_before_it() {
    let (platform, bus) = (platform(), Bus::start().await);
    let house = House::start(&platform, &bus.broker());
    busy(&house).await;
    let views = Views::of_events(&platform, &bus.broker(), &house.owners());
    views.until_live().await;
    assert_eq!(views.export().await.len(), 8);
    agrees(&house, &views).await;
    // And what happens afterwards goes on from it, without a gap.
    let customer = house.customer(100_000).await;
    house.order(customer, "TEA", 1).await;
    house.until_settled().await;
    agrees(&house, &views).await;
    assert_eq!(views.admin("/audit").await["pending"]["parked"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_with_files_of_their_own_converge() {
    let (platform, bus) = (platform(), Bus::start().await);
    let house = House::start(&platform, &bus.broker());
    let start = |name: &str| Views::called(name, &platform, Feed::Events(bus.broker()), &house.owners());
    let one = start("views-1");
    busy(&house).await;
    let other = start("views-2");
    busy_again(&house).await;
    one.until_live().await;
    other.until_live().await;
    let same = until("the same export", async || {
        let (one, other) = (one.export().await, other.export().await);
        (one == other).then_some(one)
    });
    assert_eq!(same.await.len(), 10);
    agrees(&house, &one).await;
    agrees(&house, &other).await;
}

async fn busy_again(house: &House) {
    let customer = house.customer(1_000).await;
    house.order(customer, "TEA", 1).await;
    house.until_settled().await;
}
