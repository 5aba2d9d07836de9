//! A message goes on in the trace of whoever made it, and what follows from it goes on from there.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use database::Transaction;
use futures_util::FutureExt;
use messaging::consumer::{self, Consumer, HandlerError};
use messaging::outbox::{self, Relay};
use messaging::{Broker, Data, Envelope, PublishError, Publisher};
use test_support::collector::{Span, Tree};
use test_support::recording::{CLIENT, CLIENT_SPAN, Recording, TRACE_ID};
use tokio::time::Instant;
use uuid::Uuid;

use crate::world::{GROUP, SOURCE, TOPIC, World, relay_all};

fn message(number: u128) -> Envelope {
    let data = Data::of(&number).unwrap();
    let traceparent = Some(CLIENT.to_owned());
    Envelope {
        traceparent,
        ..Envelope::new(Uuid::from_u128(number), SOURCE, "order.changed", "order-1", 0, data)
    }
}

async fn enqueue(db: &database::Database, envelope: Envelope) {
    db.write(async move |tx| outbox::enqueue(tx, TOPIC, &envelope).await).await.unwrap();
}

fn tree_of(count: usize) -> impl FnMut(Vec<Span>) -> Result<Tree, String> {
    move |spans| {
        if spans.len() == count { Tree::below(CLIENT_SPAN, spans) } else { Err(format!("{spans:#?}")) }
    }
}

#[tokio::test]
async fn what_a_message_leads_to_goes_on_from_where_it_is_handled() {
    let (recording, world) = (Recording::start([]), World::inline());
    let (orders, billing, broker) = (world.db("orders"), world.db("billing"), world.broker().await);
    broker.register(TOPIC, GROUP).await.unwrap();
    enqueue(&orders, message(1)).await;
    relay_all(&orders, broker.clone()).await;

    let handler = async |tx: &mut Transaction, message: &Envelope| -> Result<(), HandlerError> {
        let id = Uuid::from_u128(2);
        let reply = Envelope::new(id, SOURCE, "order.billed", &message.subject, 0, Data::default());
        trace::about("order.id", &message.subject);
        Ok(outbox::enqueue(tx, "replies", &reply.in_reply_to(message)).await?)
    };
    let options = consumer::Options::default();
    let mut consumer =
        Consumer::new(Arc::new(broker.clone()), TOPIC, GROUP, handler, billing.clone(), options);
    assert_eq!(consumer.consume_once().await.unwrap().handled, 1);
    relay_all(&billing, broker).await;

    let tree = recording.collector.until(TRACE_ID, tree_of(3)).await;
    let reply = tree.named("send replies")[0];
    let path = ["test: send replies", "test: process orders.events", "test: send orders.events"];
    assert_eq!(tree.path(reply), path);
    let [process, send] = ["process orders.events", "send orders.events"].map(|name| tree.named(name)[0]);
    assert_eq!([reply.kind, process.kind, send.kind], ["PRODUCER", "CONSUMER", "PRODUCER"]);
    let expected = [
        ("messaging.operation.type", "process"),
        ("messaging.operation.name", "process"),
        ("messaging.destination.name", TOPIC),
        ("messaging.consumer.group.name", GROUP),
        ("messaging.message.id", "00000000-0000-0000-0000-000000000001"),
        ("message.type", "order.changed"),
        ("order.id", "order-1"),
    ];
    assert_eq!(expected.map(|(name, _)| process.attribute(name)), expected.map(|(_, value)| value));
    assert_eq!(send.attribute("messaging.operation.type"), "send");
}

#[tokio::test]
async fn every_attempt_is_a_step_beside_the_others_and_tells_why_it_failed() {
    let (recording, world) = (Recording::start([]), World::inline());
    let (orders, billing, broker) = (world.db("orders"), world.db("billing"), world.broker().await);
    broker.register(TOPIC, GROUP).await.unwrap();
    enqueue(&orders, message(1)).await;
    relay_all(&orders, broker.clone()).await;

    let calls = AtomicUsize::new(0);
    let handler = async move |_: &mut Transaction, _: &Envelope| match calls.fetch_add(1, Ordering::Relaxed) {
        0 => Err(HandlerError::Failed("for the test".into())),
        _ => Ok(()),
    };
    let options = consumer::Options::default();
    let mut consumer = Consumer::new(Arc::new(broker), TOPIC, GROUP, handler, billing, options);
    assert_eq!(consumer.consume_once().await.unwrap().parked, 1);
    world.a_minute_passes();
    assert_eq!(consumer.consume_once().await.unwrap().handled, 1);

    let tree = recording.collector.until(TRACE_ID, tree_of(3)).await;
    let [first, second] = tree.named("process orders.events")[..] else { panic!("{tree}") };
    assert_eq!(first.parent_span_id, second.parent_span_id);
    assert_eq!([first.is_error, second.is_error], [true, false]);
    assert_eq!([first, second].map(|span| span.attribute("message.attempt")), ["0", "1"]);
    assert_eq!(first.attribute("error.type"), "failed");
    assert_eq!(first.description, "the message could not be handled: for the test");
}

#[tokio::test]
async fn that_a_message_waits_for_somebody_is_no_error() {
    let (recording, world) = (Recording::start([]), World::inline());
    let (orders, billing, broker) = (world.db("orders"), world.db("billing"), world.broker().await);
    broker.register(TOPIC, GROUP).await.unwrap();
    enqueue(&orders, message(1)).await;
    relay_all(&orders, broker.clone()).await;

    let waits = async |_: &mut Transaction, _: &Envelope| -> Result<(), HandlerError> {
        Err(HandlerError::Unavailable("the copy is not here yet".into()))
    };
    let options = consumer::Options::default();
    let mut consumer = Consumer::new(Arc::new(broker), TOPIC, GROUP, waits, billing, options);
    assert_eq!(consumer.consume_once().await.unwrap().parked, 1);

    let tree = recording.collector.until(TRACE_ID, tree_of(2)).await;
    let process = tree.named("process orders.events")[0];
    assert!(!process.is_error && process.description.is_empty(), "{process:#?}");
    let said = ["message.verdict", "message.waits_for"].map(|name| process.attribute(name));
    assert_eq!(said, ["waits", "the copy is not here yet"]);
}

/// Takes nothing.
struct Away;

impl Publisher for Away {
    fn publish<'a>(
        &'a self,
        topic: &'a str,
        _: &'a [Envelope],
    ) -> futures_util::future::BoxFuture<'a, Result<(), PublishError>> {
        let (topic, source) = (topic.to_owned(), "for the test".into());
        async { Err(PublishError::Unavailable { topic, source }) }.boxed()
    }
}

#[tokio::test]
async fn a_message_that_is_not_taken_is_an_error_of_whoever_sends_it() {
    let (recording, world) = (Recording::start([]), World::inline());
    let orders = world.db("orders");
    enqueue(&orders, message(1)).await;
    enqueue(&orders, message(2)).await;
    let mut relay = Relay::new(orders, Arc::new(Away), outbox::Options::new("test"));
    relay.relay_once().await.unwrap();
    let tree = recording.collector.until(TRACE_ID, tree_of(2)).await;
    for send in tree.spans() {
        assert!(send.is_error && send.description.contains("for the test"), "{send:#?}");
        assert_eq!(send.attribute("messaging.batch.message_count"), "2");
    }
}

#[tokio::test]
async fn a_request_over_the_broker_is_answered_in_the_same_trace() {
    let (recording, world) = (Recording::start([]), World::inline());
    let broker = world.broker().await;
    let responder = Arc::new(|request: Envelope| async { Some(request) });
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (serving, asked) = (broker.clone(), broker.clone());
    let served = async move {
        serving.serve("quotes", responder, Box::pin(stopped.map(drop))).await.unwrap();
    };
    let asking = async move {
        let deadline = Instant::now() + Duration::from_secs(60);
        let reply = loop {
            match asked.request("quotes", message(1), deadline).await {
                Ok(reply) => break reply,
                Err(_) => tokio::task::yield_now().await,
            }
        };
        drop(stop);
        reply
    };
    let ((), reply) = tokio::join!(served, asking);
    let answered = |spans: Vec<Span>| match spans.iter().any(|span| span.name == "process quotes") {
        true => Tree::below(CLIENT_SPAN, spans),
        false => Err(format!("{spans:#?}")),
    };
    let tree = recording.collector.until(TRACE_ID, answered).await;
    let process = tree.named("process quotes")[0];
    assert_eq!(tree.path(process), ["test: process quotes", "test: send quotes"]);
    // What answers hears the place of the span that answers.
    assert!(reply.traceparent.unwrap().contains(&process.span_id));
}
