//! What ordering is told once it is known, though it went away meanwhile.

use contracts::{
    Style,
    billing::{InvoiceStatus, Reply},
    topics::kinds,
};

use crate::support::{Payment, World, order, until};

#[tokio::test]
async fn ordering_is_told_that_the_invoice_is_paid() {
    for style in Style::ORCHESTRATED {
        let world = World::start(style, Payment::Accepts).await;
        world.issue(order(1)).await;
        world.until_told(1).await;
        assert_eq!(world.late_answers(), [Reply::InvoicePaid]);
        let heard = world.ordering.heard();
        let envelope = &heard.replies[0];
        assert_eq!((envelope.kind.as_str(), envelope.source.as_str()), (kinds::BILLING_REPLY, "billing"));
        assert_eq!(
            (&envelope.subject, &envelope.partition_key),
            (&order(1).to_string(), &order(1).to_string())
        );
        assert_eq!(envelope.correlation_id, Some(order(1).uuid()));
        assert!(envelope.traceparent.is_some());
    }
}

#[tokio::test]
async fn ordering_is_told_in_order_when_it_is_back() {
    let world = World::start(Style::Rest, Payment::DeclinesHard).await;
    world.ordering_is_away(true);
    world.issue(order(1)).await;
    world.until_status(order(1), InvoiceStatus::Unpaid).await;
    world.payment(Payment::Accepts);
    assert_eq!(world.pay(order(1)).await.0, 200);
    assert_eq!(world.audit().await["pending"]["outbox"], 2);
    world.ordering_is_away(false);
    world.until_told(2).await;
    assert_eq!(world.late_answers(), [Reply::InvoiceUnpaid, Reply::InvoicePaid]);
    world.until_at_rest().await;
}

#[tokio::test]
async fn ordering_is_told_after_a_crash() {
    let mut world = World::start(Style::Rest, Payment::Accepts).await;
    world.ordering_is_away(true);
    world.issue(order(1)).await;
    until(async || world.audit().await["pending"]["outbox"] == 1).await;
    world.crash();
    world.ordering_is_away(false);
    world.reopen();
    world.until_told(1).await;
    assert_eq!(world.late_answers(), [Reply::InvoicePaid]);
}
