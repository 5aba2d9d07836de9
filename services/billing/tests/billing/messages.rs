//! What is particular to the style `messaging`: one effect per message, and events for whoever follows.

use contracts::{Style, billing::Reply};
use messaging::Envelope;
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
    let ledger = world.ledger();
    let replies: Vec<Reply> = ledger.replies.iter().map(|it| it.data.parse().expect("a reply")).collect();
    assert_eq!(replies, [Reply::InvoicePaid, Reply::InvoicePaid]);
    let causes: Vec<_> = ledger.replies.iter().map(|it| it.causation_id).collect();
    assert_eq!(causes, [Some(id(1)), Some(id(2))], "the late answer names the command that it answers");
    let traces: Vec<_> = ledger.replies.iter().map(|it| it.traceparent.clone()).collect();
    assert_eq!(traces[0], message(id(1), order(1), &command(order(1))).traceparent);
}

#[tokio::test]
async fn what_happens_to_an_invoice_is_published_without_a_gap() {
    let world = World::start(Style::Messaging, Payment::DeclinesSoftly).await;
    world.issue(order(1)).await;
    world.until_at_rest().await;
    until(async || world.ledger().events.len() >= 9).await;
    let ledger = world.ledger();
    let versions: Vec<_> = ledger.events.iter().map(|it| (it.previous_version, it.version)).collect();
    let unbroken: Vec<_> = (1..=9).map(|version| (Some(version - 1), Some(version))).collect();
    assert_eq!(versions, unbroken);
    let mut kinds: Vec<_> = ledger.events.iter().map(|it| it.kind.as_str()).collect();
    kinds.retain(|kind| *kind != "invoice.mailed"); // at its own pace
    let attempt = ["invoice.attempt_started", "invoice.attempt_declined"];
    let expected = [&["invoice.issued"][..], &attempt, &attempt, &attempt, &["invoice.left_unpaid"]].concat();
    assert_eq!(kinds, expected);
}

#[tokio::test]
async fn what_cannot_be_understood_is_parked() {
    let world = World::start(Style::Messaging, Payment::Accepts).await;
    let message = message(id(1), order(1), &command(order(1)));
    world.tell(&Envelope { kind: "billing.riddle".to_owned(), ..message }).await;
    assert_eq!(world.audit().await["pending"]["parked"], 1);
}
