//! Taking in what is told: in which order it comes across aggregates does not matter, and in which way it is told neither.

use contracts::ordering::Event;
use messaging::{Data, Envelope};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::json;
use views::{Feed, projection::Kind};

use crate::{
    bus::{Bus, completed, message, order as events_of},
    owners::Scripted,
    support::{Views, at, customer, eur, order, platform, sku, until},
};

/// Everything that happens in a small shop, one message per change; each aggregate's in its order.
fn happenings(bus: &Bus) -> Vec<Envelope> {
    let registered = |number: u128| {
        json!({"event": "registered", "name": "Ada", "email": "ada@example.org", "at": "1970-01-01T00:00:01Z",
            "credit_limit": {"amount": 5000, "currency": "EUR"},
            "address": {"line1": "1 Road", "postal_code": "1", "city": "London", "country": "GB"}, "number": number})
    };
    let added = json!({"event": "added", "name": "Tea", "unit_price": {"amount": 5, "currency": "EUR"}, "on_hand": 9});
    let mut messages = Vec::new();
    for number in 1..=3 {
        let id = customer(number).to_string();
        messages.push(bus.next(Kind::Customer, &id, &[registered(number)]));
        let limit =
            json!({"event": "credit_limit_changed", "credit_limit": {"amount": 7000, "currency": "EUR"}});
        messages.push(bus.next(Kind::Customer, &id, &[limit]));
        messages.push(bus.next(Kind::Product, &format!("TEA-{number}"), std::slice::from_ref(&added)));
        let id = order(10 + number).to_string();
        let tea = sku(&format!("TEA-{number}"));
        messages.push(bus.next(Kind::Order, &id, &events_of(customer(number), &tea, eur(5), 1)));
        for event in completed(9) {
            messages.push(bus.next(Kind::Order, &id, &[event]));
        }
    }
    messages
}

/// The messages so that each aggregate's stay in their order, as `picks` would have it.
fn shuffled(messages: &[Envelope], picks: &[usize]) -> Vec<Envelope> {
    let mut left: Vec<Envelope> = messages.to_vec();
    let mut shuffled = Vec::with_capacity(left.len());
    for pick in picks.iter().cycle() {
        if left.is_empty() {
            break;
        }
        let subject = left[pick % left.len()].subject.clone();
        let first = left.iter().position(|message| message.subject == subject).unwrap();
        shuffled.push(left.remove(first));
    }
    shuffled
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_across_aggregates_does_not_matter() {
    let mut runner = TestRunner::default();
    let picks = prop::collection::vec(any::<usize>(), 1..50);
    let mut exports = Vec::new();
    for _ in 0..6 {
        let (platform, bus) = (platform(), Bus::start().await);
        let owners = Scripted::with_nothing(&platform);
        let views = Views::of_events(&platform, &bus.broker(), &owners.owners);
        views.until_live().await;
        let picks = picks.new_tree(&mut runner).unwrap().current();
        let messages = shuffled(&happenings(&bus), &picks);
        for message in &messages {
            bus.tell(message).await;
        }
        exports.push((picks, until_completed(&views).await));
    }
    assert_eq!(exports[0].1.len(), 9);
    for (picks, export) in &exports {
        assert_eq!(export, &exports[0].1, "with {picks:?}");
    }
}

/// Every document, once everybody and every order has come to its end.
async fn until_completed(views: &Views) -> Vec<String> {
    until("the last version of everything", async || {
        let export = views.export().await;
        let versions = export
            .iter()
            .filter_map(|it| serde_json::from_str::<serde_json::Value>(it).ok()?["version"].as_u64());
        (versions.sum::<u64>() == 3 * (2 + 1 + 10)).then_some(export)
    })
    .await
}

#[tokio::test]
async fn documents_make_the_same_views_as_events() {
    let (platform, bus, other) = (platform(), Bus::start().await, Bus::start().await);
    let owners = Scripted::with_nothing(&platform);
    let events = Views::of_events(&platform, &bus.broker(), &owners.owners);
    let documents = Views::called("views", &platform, Feed::Documents(other.broker()), &owners.owners);
    events.until_live().await;
    documents.until_live().await;
    for message in happenings(&bus) {
        bus.tell(&message).await;
    }
    let export = until_completed(&events).await;
    for exported in &export {
        let exported: serde_json::Value = serde_json::from_str(exported).unwrap();
        let kind = Kind::ALL.into_iter().find(|kind| exported["aggregate"] == kind.name()).unwrap();
        let version = exported["version"].as_u64().unwrap();
        let data = Data::of(&exported["document"]).unwrap();
        other.publish(kind, &message(kind, exported["id"].as_str().unwrap(), 0, version, data)).await;
    }
    let same = until("all documents", async || {
        let found = documents.export().await;
        (found.len() == export.len()).then_some(found)
    });
    assert_eq!(same.await, export);
}

#[tokio::test]
async fn a_gap_parks_what_comes_after_it_until_it_is_filled() {
    let (platform, bus) = (platform(), Bus::start().await);
    let owners = Scripted::with_nothing(&platform);
    let views = Views::of_events(&platform, &bus.broker(), &owners.owners);
    views.until_live().await;
    let id = order(7).to_string();
    let created = bus.next(
        Kind::Order,
        &id,
        &[Event::Created { customer_id: customer(1), reference: None, at: at(1) }],
    );
    let cancelled = bus.next(Kind::Order, &id, &[Event::Cancelled { at: at(2) }]);
    bus.tell(&cancelled).await;
    views.until("a gap", |audit| audit["pending"]["parked"] == 1).await;
    assert_eq!(views.export().await.len(), 0);
    bus.tell(&created).await;
    bus.tell(&bus.next(Kind::Order, &order(8).to_string(), &events_of(customer(1), &sku("TEA"), eur(5), 1)))
        .await;
    views.until_answered("/v1/orders", |page| page["items"][0]["id"] == order(8).to_string()).await;
}
