//! The mail, once per invoice, which delays nothing.

use contracts::{
    Style,
    billing::{InvoiceStatus, Reply},
};

use crate::support::{Payment, World, order, until};

#[tokio::test]
async fn an_invoice_is_mailed_once() {
    for style in Style::ORCHESTRATED {
        let world = World::start(style, Payment::Accepts).await;
        world.issue(order(1)).await;
        world.until_at_rest().await;
        world.issue(order(1)).await;
        world.until_at_rest().await;
        let ledger = world.ledger();
        let [(key, mail)] = &ledger.mails[..] else { panic!("{} mails", ledger.mails.len()) };
        assert_eq!((key, mail.metadata.order_id), (&order(1).to_string(), order(1)));
        assert_eq!(mail.to.as_str(), "ada@example.org");
        assert!(mail.text.contains("Ada Lovelace") && mail.text.contains("1299 EUR"), "{}", mail.text);
    }
}

#[tokio::test]
async fn a_mail_service_that_is_away_delays_neither_the_charge_nor_the_outcome() {
    for style in Style::ORCHESTRATED {
        let world = World::start(style, Payment::Accepts).await;
        world.mail_is_away(true);
        world.issue(order(1)).await;
        world.until_told(1).await;
        assert_eq!(world.late_answers(), [Reply::InvoicePaid]);
        until(async || world.ledger().mails.len() >= 3).await;
        assert_eq!(world.audit().await["pending"]["tasks"], 1);
        world.mail_is_away(false);
        world.until_at_rest().await;
        let ledger = world.ledger();
        assert!(
            ledger.mails.iter().all(|(key, _)| *key == order(1).to_string()),
            "always under the same key"
        );
    }
}

#[tokio::test]
async fn an_invoice_that_stays_unpaid_is_mailed_too() {
    for style in Style::ORCHESTRATED {
        let world = World::start(style, Payment::DeclinesHard).await;
        world.issue(order(1)).await;
        world.until_status(order(1), InvoiceStatus::Unpaid).await;
        world.until_at_rest().await;
        assert_eq!(world.ledger().mails.len(), 1);
        assert_eq!(world.audit().await["aggregates"][0]["mailed"], true);
    }
}
