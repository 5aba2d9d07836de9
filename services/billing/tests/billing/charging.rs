//! From the invoice to the money, or to giving up.

use contracts::{
    Reference, Style,
    billing::{InvoiceStatus, Reply},
};

use crate::support::{Payment, World, command, order};

/// The keys of an invoice's first attempts.
fn keys(attempts: u32) -> Vec<String> {
    (1..=attempts).map(|attempt| format!("{}/{attempt}", order(1))).collect()
}

#[tokio::test]
async fn an_issued_invoice_is_charged_once_and_paid() {
    for style in Style::ORCHESTRATED {
        let world = World::start(style, Payment::Accepts).await;
        assert_eq!(world.issue(order(1)).await, None);
        world.until_status(order(1), InvoiceStatus::Paid).await;
        world.until_at_rest().await;
        let invoice = world.invoice(order(1)).await.expect("an invoice");
        assert_eq!((invoice.attempts, invoice.paid_at.is_some()), (1, true));
        let ledger = world.ledger();
        assert_eq!(ledger.asked, keys(1));
        let charge = &ledger.charges[&ledger.asked[0]];
        assert_eq!((charge.amount, charge.metadata.order_id), (1299, order(1)));
        assert_eq!(charge.reference.as_ref().map(Reference::as_str), Some("web-4711"));
    }
}

#[tokio::test]
async fn a_command_repeated_is_answered_as_the_state_is() {
    for style in Style::ORCHESTRATED {
        let world = World::start(style, Payment::Holds).await;
        assert_eq!(world.issue(order(1)).await, None);
        world.until_asked(1).await;
        assert_eq!(world.issue(order(1)).await, None);
        world.payment(Payment::Accepts);
        world.until_status(order(1), InvoiceStatus::Paid).await;
        assert_eq!(world.issue(order(1)).await, Some(Reply::InvoicePaid));
        world.until_at_rest().await;
        let ledger = world.ledger();
        assert_eq!((ledger.charges.len(), ledger.mails.len()), (1, 1));
    }
}

#[tokio::test]
async fn three_soft_declines_leave_it_unpaid() {
    for style in Style::ORCHESTRATED {
        let world = World::start(style, Payment::DeclinesSoftly).await;
        world.issue(order(1)).await;
        world.until_status(order(1), InvoiceStatus::Unpaid).await;
        world.until_at_rest().await;
        assert_eq!(world.ledger().asked, keys(3));
        assert_eq!(world.issue(order(1)).await, Some(Reply::InvoiceUnpaid));
    }
}

#[tokio::test]
async fn a_soft_decline_is_followed_by_another_attempt() {
    for style in Style::ORCHESTRATED {
        let world = World::start(style, Payment::DeclinesOnce).await;
        world.issue(order(1)).await;
        world.until_status(order(1), InvoiceStatus::Paid).await;
        let ledger = world.ledger();
        assert_eq!(ledger.asked, keys(2));
        assert_eq!(ledger.charges.keys().collect::<Vec<_>>(), [&keys(2)[1]]);
    }
}

#[tokio::test]
async fn a_hard_decline_leaves_it_unpaid_at_once() {
    for style in Style::ORCHESTRATED {
        let world = World::start(style, Payment::DeclinesHard).await;
        world.issue(order(1)).await;
        world.until_status(order(1), InvoiceStatus::Unpaid).await;
        world.until_at_rest().await;
        assert_eq!(world.ledger().asked, keys(1));
    }
}

#[tokio::test]
async fn a_provider_that_is_away_is_asked_about_the_same_attempt_until_it_is_back() {
    for style in Style::ORCHESTRATED {
        let world = World::start(style, Payment::Away).await;
        world.issue(order(1)).await;
        world.until_asked(5).await;
        assert_eq!(
            world.invoice(order(1)).await.map(|it| (it.status, it.attempts)),
            Some((InvoiceStatus::Issued, 1))
        );
        world.payment(Payment::Accepts);
        world.until_status(order(1), InvoiceStatus::Paid).await;
        assert!(world.ledger().asked.iter().all(|key| *key == keys(1)[0]));
    }
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_under_the_same_key() {
    for style in Style::ORCHESTRATED {
        let world = World::start(style, Payment::Loses).await;
        world.issue(order(1)).await;
        world.until_asked(2).await;
        world.payment(Payment::DeclinesHard);
        world.until_status(order(1), InvoiceStatus::Paid).await;
        let ledger = world.ledger();
        assert!(ledger.asked.iter().all(|key| *key == keys(1)[0]));
        assert_eq!(ledger.charges.len(), 1, "one charge, however often it was asked for");
    }
}

#[tokio::test]
async fn a_crash_before_the_answer_is_survived_by_asking_about_the_same_attempt() {
    for style in Style::ORCHESTRATED {
        let mut world = World::start(style, Payment::Holds).await;
        world.issue(order(1)).await;
        world.until_asked(1).await;
        world.crash();
        world.payment(Payment::Accepts);
        world.reopen();
        world.until_status(order(1), InvoiceStatus::Paid).await;
        assert!(world.ledger().asked.iter().all(|key| *key == keys(1)[0]));
        assert_eq!(world.ledger().charges.len(), 1);
    }
}

#[tokio::test]
async fn a_command_at_another_address_than_its_own_is_malformed() {
    let world = World::start(Style::Rest, Payment::Accepts).await;
    assert_eq!(world.issue_at(order(2), &command(order(1))).await, (400, None));
    assert_eq!((world.invoice(order(1)).await, world.invoice(order(2)).await), (None, None));
}
