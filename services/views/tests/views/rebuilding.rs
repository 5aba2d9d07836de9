//! Building the views anew while they answer.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::Relaxed},
};

use axum::http::StatusCode;
use contracts::republish::Republished;
use messaging::republish;
use uuid::Uuid;

use crate::{
    bus::Bus,
    owners::{House, Scripted},
    support::{Views, at, customer, eur, order, platform, until},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuilt_view_equals_the_live_one_while_orders_go_on() {
    let (platform, bus) = (platform(), Bus::start().await);
    let house = House::start(&platform, &bus.broker());
    let views = Views::of_events(&platform, &bus.broker(), &house.owners());
    views.until_live().await;
    house.product("TEA", 1_000).await;
    let customer = house.customer(1_000_000).await;
    for _ in 0..10 {
        house.order(customer, "TEA", 1).await;
    }
    views.post_admin("/rebuild").await;
    for _ in 0..10 {
        house.order(customer, "TEA", 1).await;
        views.get("/v1/orders").await;
    }
    house.until_settled().await;
    let audit = views
        .until("the second generation", |audit| {
            audit["generations"][0]["generation"] == 2 && audit["generations"][0]["state"] == "live"
        })
        .await;
    let live = &audit["generations"][0];
    assert_eq!(live["different"], 0, "{audit}");
    assert!(live["compared"].as_u64().unwrap() > 2, "{audit}");
    // What it answers is what its owner says.
    let path = "/v1/orders?limit=100";
    let owner: serde_json::Value = house.get(path).await.json().unwrap();
    until("the same orders", async || (views.get(path).await == owner).then_some(())).await;
}

#[tokio::test]
async fn the_live_generation_answers_until_the_other_is_complete() {
    let (platform, bus) = (platform(), Bus::start().await);
    let asked = Arc::new(AtomicU32::new(0));
    let counting = asked.clone();
    // The second rebuild's owners do not answer.
    let owners = Scripted::answering(&platform, move |page| match counting.fetch_add(1, Relaxed) {
        0..3 => Ok(Republished { run: page.run.unwrap(), documents: 0, next: None }),
        _ => Err(StatusCode::SERVICE_UNAVAILABLE),
    });
    let mut views = Views::of_events(&platform, &bus.broker(), &owners.owners);
    views.until_live().await;
    bus.customer(customer(1), "Ada", at(1)).await;
    let tea = bus.product("TEA", 1).await;
    bus.order(order(7), customer(1), &tea, eur(5), 1).await;
    views.until_answered("/v1/orders", |page| !page["items"][0].is_null()).await;
    views.post_admin("/rebuild").await;
    // Asked twice it is one rebuild, also after a crash.
    let shown = views.post_admin("/rebuild").await;
    assert_eq!((shown.as_array().unwrap().len(), &shown[1]["state"]), (2, &"building".into()));
    views.crash();
    views.restart();
    let answer = views.ask("/v1/orders", &[]).await;
    assert_eq!(answer.headers["x-view-generation"], "1 live");
    assert_eq!(views.export_of("generation=1").await.len(), 3);
    // What happens meanwhile is in both.
    bus.customer(customer(2), "Bob", at(1)).await;
    until("both", async || {
        let (old, new) = (views.export_of("generation=1").await, views.export_of("generation=2").await);
        (old.len() == 4 && new.len() == 1).then_some(())
    })
    .await;
    // What follows a beginning that the new one has not been told of is left to its owner, and parks nothing.
    bus.happens(order(7), &[contracts::ordering::Event::CancelWished]).await;
    until("the order", async || {
        let orders = views.get("/v1/orders").await;
        (orders["items"][0]["version"] == 4).then_some(())
    })
    .await;
    assert_eq!(views.admin("/audit").await["pending"]["parked"], 0);
    assert!(asked.load(Relaxed) > 3);
}

#[tokio::test]
async fn what_an_owner_tells_again_is_marked_and_not_counted() {
    let (platform, bus) = (platform(), Bus::start().await);
    let house = House::start(&platform, &bus.broker());
    house.product("TEA", 10).await;
    let customer = house.customer(10).await;
    house.order(customer, "TEA", 1).await;
    house.until_settled().await;
    let mut heard = bus.broker().subscribe("ordering.events", "test", 0..16).await.unwrap();
    let run = Uuid::from_u128(9);
    let first = house.republish(run).await;
    let again = house.republish(run).await;
    assert_eq!((first.documents, first.next.clone()), (1, None));
    assert_eq!(first, again);
    let mut ids = Vec::new();
    until("both messages", async || {
        let received = heard.receive(10, std::time::Duration::from_millis(10)).await.unwrap();
        let told = received.into_iter().map(|delivery| delivery.envelope);
        for message in told.filter(|message| republish::run_of(message).is_some()) {
            assert_eq!((message.kind.as_str(), message.version), ("order.republished", None));
            assert_eq!(message.tally, None);
            ids.push(message.id);
        }
        (ids.len() == 2).then_some(())
    })
    .await;
    assert_eq!(ids[0], ids[1], "a run that is repeated makes the same messages");
}
