//! Views that follow a ledger.

use choreography::ledger;
use serde_json::Value;
use views::Feed;

use crate::{
    owners::House,
    support::{Views, platform, until},
};

#[tokio::test(flavor = "multi_thread")]
async fn views_of_a_ledger_are_built_of_events_older_than_themselves_and_built_anew_alike() {
    let (platform, directory) = (platform(), tempfile::tempdir().unwrap());
    let ledger = ledger::open(&directory.path().join("ledger.db"), &platform).unwrap();
    let house = House::over_ledger(&platform, &ledger);
    house.product("TEA", 1_000).await;
    let customer = house.customer(1_000_000).await;
    for _ in 0..10 {
        house.order(customer, "TEA", 1).await;
    }

    let views = Views::called("views", &platform, Feed::Ledger(ledger.clone()), &house.owners());
    views.until_live().await;
    views.post_admin("/rebuild").await;
    for _ in 0..10 {
        house.order(customer, "TEA", 1).await;
        views.get("/v1/orders").await;
    }
    let second = |audit: &Value| {
        let first = &audit["generations"][0];
        first["generation"] == 2 && first["state"] == "live" && audit["generations"][1].is_null()
    };
    let audit = views.until("the second generation", second).await;
    assert_eq!(audit["generations"][0]["different"], 0, "{audit}");

    // What it answers is what the owner says; an instance with files of its own says the same.
    let path = "/v1/orders?limit=100";
    let owner = async || house.get(path).await.json::<Value>().unwrap();
    until("the same orders", async || (views.get(path).await == owner().await).then_some(())).await;
    let other = Views::called("other", &platform, Feed::Ledger(ledger), &house.owners());
    other.until_live().await;
    let same = async || (other.export().await == views.export().await).then_some(());
    until("the same documents", same).await;
    assert_eq!(views.export().await.len(), 22);
}
