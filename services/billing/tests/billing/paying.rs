//! `pay`: one attempt at an invoice that was left unpaid.

use contracts::{
    Style,
    billing::{InvoiceStatus, Reply},
};

use crate::support::{Payment, World, order, until};

/// A world in which the first invoice was left unpaid after one attempt.
async fn unpaid(style: Style) -> World {
    let world = World::start(style, Payment::DeclinesHard).await;
    world.issue(order(1)).await;
    world.until_status(order(1), InvoiceStatus::Unpaid).await;
    world.until_at_rest().await;
    world
}

fn told(status: u16, what: &str) -> (u16, String) {
    (status, what.to_owned())
}

#[tokio::test]
async fn an_unpaid_invoice_can_be_paid_later() {
    for style in Style::ORCHESTRATED {
        let world = unpaid(style).await;
        world.payment(Payment::Accepts);
        assert_eq!(world.pay(order(1)).await, told(200, "PAID"));
        world.until_told(2).await;
        assert_eq!(world.late_answers(), [Reply::InvoiceUnpaid, Reply::InvoicePaid]);
        assert_eq!(world.pay(order(1)).await, told(409, "NOTHING_DUE"));
        assert_eq!(world.ledger().charges.len(), 1);
    }
}

#[tokio::test]
async fn a_refused_payment_is_counted_and_leaves_it_unpaid() {
    for style in Style::ORCHESTRATED {
        let world = unpaid(style).await;
        for (declines, attempts) in [(Payment::DeclinesHard, 2), (Payment::DeclinesSoftly, 3)] {
            world.payment(declines);
            assert_eq!(world.pay(order(1)).await, told(422, "PAYMENT_REFUSED"));
            let invoice = world.invoice(order(1)).await.expect("an invoice");
            assert_eq!((invoice.status, invoice.attempts), (InvoiceStatus::Unpaid, attempts));
        }
        world.until_at_rest().await;
        assert_eq!(world.late_answers(), [Reply::InvoiceUnpaid], "ordering knows that already");
    }
}

#[tokio::test]
async fn a_payment_in_doubt_at_the_deadline_is_joined_by_the_next() {
    for style in Style::ORCHESTRATED {
        let world = unpaid(style).await;
        world.payment(Payment::Holds);
        assert_eq!(world.pay_with(order(1), None, Some(200)).await, told(202, "UNPAID"));
        assert_eq!(world.pay_with(order(1), Some("joins"), Some(200)).await, told(202, "UNPAID"));
        world.payment(Payment::Accepts);
        assert_eq!(world.pay_with(order(1), Some("joins"), None).await, told(200, "PAID"));
        assert_eq!(
            world.invoice(order(1)).await.map(|invoice| invoice.attempts),
            Some(2),
            "it was one attempt"
        );
        assert_eq!(world.ledger().charges.len(), 1);
    }
}

#[tokio::test]
async fn those_who_join_a_payment_are_all_told_that_it_was_refused() {
    for style in Style::ORCHESTRATED {
        let world = unpaid(style).await;
        world.payment(Payment::Holds);
        let join_and_refuse = async {
            world.until_asked(2).await;
            assert_eq!(world.pay_with(order(1), Some("joined"), Some(200)).await, told(202, "UNPAID"));
            world.payment(Payment::DeclinesHard);
        };
        let (first, ()) = tokio::join!(world.pay(order(1)), join_and_refuse);
        let joined = world.pay_with(order(1), Some("joined"), None).await;
        assert_eq!((first, joined), (told(422, "PAYMENT_REFUSED"), told(422, "PAYMENT_REFUSED")));
        assert_eq!(world.invoice(order(1)).await.map(|invoice| invoice.attempts), Some(2));
    }
}

#[tokio::test]
async fn a_payment_that_nobody_waits_for_any_more_is_brought_to_its_end() {
    for style in Style::ORCHESTRATED {
        let mut world = unpaid(style).await;
        world.payment(Payment::Away);
        assert_eq!(world.pay_with(order(1), None, Some(200)).await, told(202, "UNPAID"));
        world.crash();
        world.payment(Payment::Accepts);
        world.reopen();
        world.until_status(order(1), InvoiceStatus::Paid).await;
        world.until_told(2).await;
        assert_eq!(world.late_answers(), [Reply::InvoiceUnpaid, Reply::InvoicePaid]);
    }
}

#[tokio::test]
async fn while_billing_collects_by_itself_nobody_can_pay() {
    for style in Style::ORCHESTRATED {
        let world = World::start(style, Payment::Holds).await;
        world.issue(order(1)).await;
        assert_eq!(world.pay(order(1)).await, told(409, "PAYMENT_IN_PROGRESS"));
        assert_eq!(world.pay(order(2)).await, told(404, "NOT_FOUND"));
    }
}

#[tokio::test]
async fn the_same_key_gives_the_same_answer_and_makes_no_other_attempt() {
    for style in Style::ORCHESTRATED {
        let world = unpaid(style).await;
        assert_eq!(world.pay_with(order(1), Some("first"), None).await, told(422, "PAYMENT_REFUSED"));
        world.payment(Payment::Accepts);
        assert_eq!(world.pay_with(order(1), Some("first"), None).await, told(422, "PAYMENT_REFUSED"));
        assert_eq!(world.pay_with(order(1), Some("second"), None).await, told(200, "PAID"));
        assert_eq!(world.pay_with(order(1), Some("second"), None).await, told(200, "PAID"));
        assert_eq!(world.pay_with(order(1), Some("first"), None).await, told(422, "PAYMENT_REFUSED"));
        assert_eq!(world.pay_with(order(1), Some("third"), None).await, told(409, "NOTHING_DUE"));
        assert_eq!(world.pay_with(order(2), Some("third"), None).await, told(422, "IDEMPOTENCY_MISMATCH"));
        assert_eq!(world.ledger().asked.len(), 3);
    }
}

#[tokio::test]
async fn a_repetition_waits_for_the_attempt_of_the_first_request() {
    for style in Style::ORCHESTRATED {
        let world = unpaid(style).await;
        world.payment(Payment::Holds);
        assert_eq!(world.pay_with(order(1), Some("key"), Some(200)).await, told(202, "UNPAID"));
        world.payment(Payment::Accepts);
        until(async || world.pay_with(order(1), Some("key"), None).await == told(200, "PAID")).await;
        assert_eq!(world.ledger().charges.len(), 1);
    }
}
