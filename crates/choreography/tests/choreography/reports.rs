//! What a service says of its part in an order: once, in order, and to whoever asks.

use std::{sync::Arc, time::Duration};

use aggregate::{AnyRepository, Change, Repository, Versioned, decide};
use chassis::client::{Call, HttpClient, Options, Response};
use choreography::{
    Notice, Reporter, Reports, State,
    reports::{Document, Rows, routes},
};
use contracts::{OrderId, shipping::Reply, topics};
use database::{Error, Transaction};
use journal::Cause;
use messaging::{
    Broker, Data, Envelope, HandlerError,
    answers::Late,
    outbox::{self, Relay},
    publishing::{Content, Publishing},
};
use serde_json::{Value, json};

use test_support::owner::ANY_PORT;

use crate::{documents::order_id, world::World};

fn reporter() -> Reporter<Reply> {
    Reporter::new(AnyRepository::new(Rows::default()))
}

fn dispatched() -> Reply {
    Reply::Dispatched { carrier: "Hermes".to_owned(), tracking_number: "H-1".to_owned() }
}

async fn say(world: &World, reporter: &Reporter<Reply>, report: Reply) {
    let reporter = reporter.clone();
    let saying = async move |tx: &mut Transaction| reporter.report(tx, order_id(), &report).await;
    world.db.write(saying).await.unwrap();
}

async fn said(world: &World) -> Document<Reply> {
    let about = async |tx: &mut Transaction| reporter().about(tx, order_id()).await;
    world.db.read(about).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn each_report_is_a_version_of_what_was_said_of_the_order() {
    let world = World::new().await;
    assert_eq!(said(&world).await.version, 0);
    for report in [Reply::CalledOff, dispatched()] {
        say(&world, &reporter(), report).await;
    }
    let said = said(&world).await;
    assert_eq!((said.version, said.reports.len()), (2, 2));
    let expected = [None, Some(&Reply::CalledOff), Some(&dispatched()), None];
    assert_eq!([0, 1, 2, 3].map(|version| said.at(version)), expected);
}

#[tokio::test(start_paused = true)]
async fn what_was_said_last_is_not_said_again_but_may_be_after_something_else() {
    let world = World::new().await;
    for report in [Reply::CalledOff, Reply::CalledOff, dispatched(), dispatched(), Reply::CalledOff] {
        say(&world, &reporter(), report).await;
    }
    assert_eq!(said(&world).await.reports, [Reply::CalledOff, dispatched(), Reply::CalledOff]);
}

#[tokio::test(start_paused = true)]
async fn what_is_said_late_is_said_as_everything_is() {
    let world = World::new().await;
    let saying = async |tx: &mut Transaction| {
        let (late, cause) = (reporter(), Cause::default());
        let said = late.say(tx, order_id().uuid(), 1, &dispatched(), &cause).await;
        said.map_err(|error| HandlerError::Failed(error.into()))
    };
    for _ in 0..2 {
        world.db.write(saying).await.unwrap();
    }
    assert_eq!(said(&world).await.reports, [dispatched()]);
}

#[tokio::test(start_paused = true)]
async fn who_decided_on_less_than_was_said_is_refused() {
    let world = World::new().await;
    let change = |report| decide(order_id(), &Versioned::<Reports<Reply>>::default(), &report);
    let [first, second] = [Reply::CalledOff, dispatched()].map(|report| change(report).unwrap().unwrap());
    let save = async |change: Change<Reports<Reply>>| {
        let rows = Arc::new(Rows::default());
        let save = async move |tx: &mut Transaction| rows.save(tx, std::slice::from_ref(&change)).await;
        world.db.write(save).await
    };
    save(first).await.unwrap();
    assert!(matches!(save(second).await, Err(Error::Conflict { what: "report" })));
    assert_eq!(said(&world).await.reports, [Reply::CalledOff]);
}

#[tokio::test(start_paused = true)]
async fn who_was_told_that_something_was_reported_is_answered_all_that_was() {
    let world = World::new().await;
    let listener = world.platform.network.listen(ANY_PORT).unwrap();
    let address = listener.local_addr().unwrap();
    let router = routes(reporter(), world.db.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let client = HttpClient::new(&world.platform, Options::default());
    let ask = async || -> Response {
        client.send(Call::get(format!("http://{address}/internal/reports/{}", order_id()))).await.unwrap()
    };
    assert_eq!(ask().await.status, 404, "nothing was");
    say(&world, &reporter(), Reply::CalledOff).await;
    say(&world, &reporter(), dispatched()).await;
    let answer = ask().await;
    assert_eq!((answer.status.as_u16(), answer.headers["etag"].as_bytes()), (200, &b"\"2\""[..]));
    assert_eq!(answer.json::<Document<Reply>>().unwrap(), said(&world).await);
}

/// What is published of two reports, where they carry `content`.
async fn published(content: impl Content<Reports<Reply>>) -> Vec<Envelope> {
    let (world, topic) = (World::new().await, topics::SHIPPING_REPORTS);
    let mut subscription = world.broker.subscribe(topic, "ordering", 0..world.broker.lanes()).await.unwrap();
    let rows = Publishing::new(Rows::default(), outbox::Handle::default(), topic, "shipping");
    let reporter = Reporter::new(AnyRepository::new(rows.carrying(content)));
    for report in [Reply::CalledOff, Reply::CalledOff, dispatched()] {
        say(&world, &reporter, report).await;
    }
    let publisher = Arc::new(world.broker.clone());
    let mut relay = Relay::new(world.db.clone(), publisher, outbox::Options::new("test"));
    while let outbox::Outcome::Sent { confirmed: 1.., .. } = relay.relay_once().await.unwrap() {}
    let deliveries = subscription.receive(100, Duration::ZERO).await.unwrap();
    deliveries.into_iter().map(|delivery| delivery.envelope).collect()
}

fn called(messages: &[Envelope]) -> Vec<(&str, Option<u64>)> {
    messages.iter().map(|message| (&*message.kind, message.version)).collect()
}

const CALLED: [(&str, Option<u64>); 2] = [("shipping.called_off", Some(1)), ("shipping.dispatched", Some(2))];

#[tokio::test(start_paused = true)]
async fn a_notice_says_that_something_was_reported_and_nothing_more() {
    let messages = published(Notice).await;
    assert_eq!(called(&messages), CALLED);
    assert!(messages.iter().all(|message| message.data == Data::default()), "{messages:?}");
}

#[tokio::test(start_paused = true)]
async fn a_state_says_all_that_was_reported_up_to_then() {
    let messages = published(State(|order: &OrderId, reports: &_| Document::of(*order, reports))).await;
    assert_eq!(called(&messages), CALLED);
    let documents: Vec<Value> = messages.iter().map(|message| message.data.parse().unwrap()).collect();
    let (first, second) = (json!(Reply::CalledOff), json!(dispatched()));
    assert_eq!(documents[0], json!({"order_id": order_id(), "version": 1, "reports": [first]}));
    assert_eq!(documents[1], json!({"order_id": order_id(), "version": 2, "reports": [first, second]}));
}
