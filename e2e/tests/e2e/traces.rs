//! One order is one trace, from the client's request to the outcome.

mod exporting;
mod shopper;
mod steps;

use std::collections::BTreeSet;

use chassis::client::Call;
use contracts::{
    Style,
    ordering::{Order, OrderStatus},
    outside::simulators::ChangeSettings,
};
use test_support::collector::{Collector, Span, Tree};

use self::{
    shopper::{CLIENT_SPAN, Shopper, carrier, down, to, trace_id, traceparent},
    steps::{of_a_completed_order, of_undoing, path_to_the_charge, told_before_the_carrier, with},
};
use crate::{
    client::Client,
    process::{Up, terminate},
    story::Step,
};

#[tokio::test]
async fn an_order_is_one_trace_from_the_clients_request_to_the_outcome() {
    for protocol in ["grpc", "http/protobuf"] {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        let collector = Collector::start();
        let mut process = Up { variables: to(collector.endpoint(), protocol), ..Up::on(&data) }.start();
        let client = Client::new().of(process.gateway());
        process.ready(&client).await;
        // No level of the log keeps a span from its trace.
        let level = format!("{}/log-level", process.admin());
        let silent = Call::new(axum::http::Method::PUT, level).body("off");
        assert!(client.http().send(silent).await.unwrap().is_success());
        for (number, style) in Style::ALL.into_iter().enumerate() {
            let order = Shopper::new(&client, style).await.order(number).await;
            assert_eq!(order.status, OrderStatus::Completed);
            let tree = collector.until(&trace_id(number), with(of_a_completed_order(style))).await;
            check(&tree, style, &order);
            let charge = tree.named("POST /v1/charges")[0];
            assert_eq!(tree.path(charge), path_to_the_charge(style), "{tree}");
        }
        assert!(terminate(&mut process).await.success(), "{}", process.log());
    }
}

#[tokio::test]
async fn the_undoing_of_an_order_is_in_its_trace() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let collector = Collector::start();
    let mut process = Up { variables: to(collector.endpoint(), "grpc"), ..Up::on(&data) }.start();
    let client = Client::new().of(process.gateway());
    process.ready(&client).await;
    for (number, style) in Style::ALL.into_iter().enumerate() {
        let shopper = Shopper::new(&client, style).await;
        let refuses = ChangeSettings { refuse_rate: Some(1.0), ..ChangeSettings::default() };
        carrier(&client, &process, style, &refuses).await;
        let order = shopper.order(number).await;
        assert_eq!(order.status, OrderStatus::Cancelled);
        let tree = collector.until(&trace_id(number), with(of_undoing(style))).await;
        // To the one who asks a refusal is an error, to the one who refuses it is none.
        let booking = tree.named("POST /v1/bookings")[0];
        assert!(!booking.is_error && tree.parent(booking).unwrap().is_error, "{tree}");
    }
}

/// A cancel is a request of its own, in a trace of its own, that has a part in the order's.
#[tokio::test]
async fn a_cancel_is_linked_to_the_trace_of_the_order() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let collector = Collector::start();
    let mut process = Up { variables: to(collector.endpoint(), "grpc"), ..Up::on(&data) }.start();
    let client = Client::new().of(process.gateway());
    process.ready(&client).await;
    for (number, style) in Style::ALL.into_iter().enumerate() {
        let shopper = Shopper::new(&client, style).await;
        // While the carrier is away the order waits for it, and a cancel is let in.
        carrier(&client, &process, style, &down(true)).await;
        let mut story = shopper.begin(number, &[Step::Create { place: true }]).await;
        story.steps.push(Step::Cancel);
        story.go_on(&client.within(&traceparent(number + 100))).await.unwrap();
        carrier(&client, &process, style, &down(false)).await;
        story.end(&client).await;

        let linked = |spans: Vec<Span>| {
            let cancel = spans.iter().find(|span| span.name == "POST /v1/orders/{id}/cancel").cloned();
            cancel.filter(|cancel| !cancel.links.is_empty()).ok_or(format!("{spans:#?}"))
        };
        let cancel = collector.until(&trace_id(number + 100), linked).await;
        let tree = collector.until(&trace_id(number), |spans| Tree::below(CLIENT_SPAN, spans)).await;
        let placed = tree.named("POST /v1/orders")[0];
        assert_eq!(cancel.links, [&*placed.span_id], "{tree}");
    }
}

#[tokio::test]
async fn what_goes_on_after_a_kill_goes_on_in_the_same_trace() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let collector = Collector::start();
    let up = Up { variables: to(collector.endpoint(), "http/protobuf"), ..Up::on(&data) };
    let mut process = up.start();
    let client = Client::new().of(process.gateway());
    process.ready(&client).await;
    let mut stories = Vec::new();
    for (number, style) in Style::ALL.into_iter().enumerate() {
        let shopper = Shopper::new(&client, style).await;
        carrier(&client, &process, style, &down(true)).await;
        stories.push(shopper.begin(number, &[Step::Create { place: true }]).await);
        // The carrier was asked, so everything that it takes to ask has come to the collector or soon will have.
        let asked = with(&[("shipping", "book", 1), ("ordering", "POST /v1/orders", 1)]);
        collector.until(&trace_id(number), asked).await;
        // What is published beside that may be on its way still.
        collector.until(&trace_id(number), with(told_before_the_carrier(style))).await;
    }
    process.kill();

    let mut process = up.start();
    let client = Client::new().of(process.gateway());
    process.ready(&client).await;
    for (number, (style, story)) in Style::ALL.into_iter().zip(stories).enumerate() {
        carrier(&client, &process, style, &down(false)).await;
        assert_eq!(story.end(&client).await.status, OrderStatus::Completed);
        let steps = of_a_completed_order(style);
        let tree = collector.until(&trace_id(number), |spans| with(steps)(without_the_dead(spans))).await;
        let lives: std::collections::BTreeSet<_> =
            tree.spans().iter().map(|span| &span.resource["service.instance.id"]).collect();
        assert_eq!(lives.len(), 2, "{tree}");
    }
}

/// Without spans below one that was under way when its process was killed: nobody could send that any more.
fn without_the_dead(mut spans: Vec<Span>) -> Vec<Span> {
    let Some(first) = spans.iter().min_by_key(|span| span.began).cloned() else { return spans };
    loop {
        let ids: Vec<_> = spans.iter().map(|span| span.span_id.clone()).collect();
        let before = spans.len();
        spans.retain(|span| {
            let is_alive = span.resource["service.instance.id"] != first.resource["service.instance.id"];
            is_alive || span.parent_span_id == CLIENT_SPAN || ids.contains(&span.parent_span_id)
        });
        if spans.len() == before {
            return spans;
        }
    }
}

/// What is so of every span of an order.
fn check(tree: &Tree, style: Style, order: &Order) {
    for span in tree.spans() {
        let kind = match span.name.split_once(' ') {
            Some(("send", _)) => "PRODUCER",
            Some(("process", _)) => "CONSUMER",
            Some((_, rest)) if rest.starts_with('/') => "SERVER",
            None if matches!(&*span.name, "GET" | "PUT" | "POST" | "DELETE") => "CLIENT",
            _ => "INTERNAL",
        };
        assert_eq!(span.kind, kind, "{span:#?}");
        assert!(!span.is_error && span.ended >= span.began, "{span:#?}");
        let of = if span.service() == "gateway" { "all" } else { style.as_str() };
        assert_eq!(span.resource["service.namespace"], of, "{span:#?}");
        assert_eq!(span.resource["telemetry.sdk.language"], "rust");
        // A price is asked for before there is an order.
        let is_before = span.name.ends_with(".quotes");
        if matches!(kind, "CONSUMER" | "INTERNAL") && !is_before {
            assert_eq!(span.attribute("order.id"), order.id.to_string(), "{span:#?}");
        }
        // No id has letters such as these.
        let said = format!("{:?}", span.attributes);
        assert!(!said.contains("ludwig") && !said.contains("James"), "{span:#?}");
    }
    let instances: BTreeSet<_> =
        tree.spans().iter().map(|span| &span.resource["service.instance.id"]).collect();
    assert_eq!(instances.len(), 1, "one process");
    let services = ["billing", "customers", "gateway", "ordering", "shipping", "simulators", "warehouse"];
    // Views follow what happens, and are not waited for.
    let shown = tree.services().into_iter().filter(|service| *service != "views");
    assert_eq!(shown.collect::<BTreeSet<_>>(), services.into());
}
