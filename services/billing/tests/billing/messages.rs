//! What is particular to the style `messaging`: one effect per message, and events for whoever follows.

use contracts::{
    Style,
    billing::{Event, Reply},
};
use messaging::{Envelope, publishing::events as events_of};
use uuid::Uuid;

use crate::support::{Payment, World, command, message, order, until};

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

#[tokio::test]
async fn an_order_that_asks_again_by_another_message_is_answered_again() {
    let world = World::start(Style::Messaging, Payment::Accepts).await;
    world.tell(&message(id(1), order(1), &command(order(1)))).await;
    world.until_told(1).await;
    world.tell(&message(id(1), order(1), &command(order(1)))).await;
    world.tell(&message(id(2), order(1), &command(order(1)))).await;
    let heard = world.ordering.heard();
    let replies: Vec<Reply> = heard.replies.iter().map(|it| it.data.parse().expect("a reply")).collect();
    assert_eq!(replies, [Reply::InvoicePaid, Reply::InvoicePaid]);
    let causes: Vec<_> = heard.replies.iter().map(|it| it.causation_id).collect();
    assert_eq!(causes, [Some(id(1)), Some(id(2))], "the late answer names the command that it answers");
    let traces: Vec<_> = heard.replies.iter().map(|it| it.traceparent.clone()).collect();
    assert_eq!(traces[0], message(id(1), order(1), &command(order(1))).traceparent);
}

#[tokio::test]
async fn what_happens_to_an_invoice_is_published_without_a_gap() {
    let world = World::start(Style::Messaging, Payment::DeclinesSoftly).await;
    world.issue(order(1)).await;
    world.until_at_rest().await;
    let told = |changes: &[Envelope]| -> Vec<(u64, Event)> {
        changes.iter().flat_map(|change| events_of(change).expect("events")).collect()
    };
    until(async || told(&world.ordering.heard().events).len() >= 9).await;
    let changes = world.ordering.heard().events.clone();
    let mut at = 0;
    for change in &changes {
        assert_eq!((&*change.kind, change.previous_version), ("invoice.changed", Some(at)));
        at = change.version.expect("a version");
    }
    let mut tags: Vec<&str> = Vec::new();
    for (number, (version, event)) in (1..).zip(told(&changes)) {
        assert_eq!(version, number);
        tags.push(match event {
            Event::Issued { .. } => "issued",
            Event::Mailed => continue, // at its own pace
            Event::AttemptStarted { .. } => "started",
            Event::AttemptDeclined { .. } => "declined",
            Event::Paid { .. } => "paid",
            Event::LeftUnpaid => "left unpaid",
        });
    }
    let attempt = ["started", "declined"];
    assert_eq!(tags, [&["issued"][..], &attempt, &attempt, &attempt, &["left unpaid"]].concat());
}

#[tokio::test]
async fn what_cannot_be_understood_is_parked() {
    let world = World::start(Style::Messaging, Payment::Accepts).await;
    let message = message(id(1), order(1), &command(order(1)));
    world.tell(&Envelope { kind: "billing.riddle".to_owned(), ..message }).await;
    assert_eq!(world.audit().await["pending"]["parked"], 1);
}
