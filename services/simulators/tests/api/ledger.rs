//! What `verify` compares the services with.

use contracts::outside::simulators::Outcome;
use serde_json::json;

use crate::rig::{ORDER, message, simulators};

#[tokio::test(start_paused = true)]
async fn an_entry_says_who_asked_for_what_and_what_was_answered() {
    let (rig, _directory) = simulators();
    let (_, charge) = rig.charge("web-1", "invoice/1").await;
    let (_, body) = rig.get(&format!("{}/simulators/payment/ledger", rig.admin)).await;
    let entry = json!({
        "position": 1,
        "id": charge["id"],
        "key": "invoice/1",
        "reference": "web-1",
        "order_id": ORDER,
        "amount": { "amount": 1299, "currency": "EUR" },
        "result": "accepted",
        "at": charge["created_at"],
    });
    assert_eq!(body, json!({ "items": [entry], "next": null }));
}

#[tokio::test(start_paused = true)]
async fn only_money_has_an_amount() {
    let (rig, _directory) = simulators();
    rig.ask("/v1/messages", "invoice", &message("web-1")).await;
    let entries = rig.ledger("mail").await;
    assert_eq!((entries[0].amount, entries[0].result), (None, Outcome::Accepted));
}

#[tokio::test(start_paused = true)]
async fn pages_follow_one_another_without_a_gap_to_the_end() {
    let (rig, _directory) = simulators();
    for n in 0..7 {
        rig.charge("web-1", &format!("invoice/{n}")).await;
    }
    let (mut seen, mut cursor) = (vec![], String::new());
    loop {
        let page = rig.ledger_page("payment", &format!("?limit=3{cursor}")).await;
        assert!(page.items.len() <= 3);
        seen.extend(page.items.into_iter().map(|entry| entry.position));
        let Some(next) = page.next else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, [1, 2, 3, 4, 5, 6, 7]);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_ends_where_the_ledger_ends_is_the_last() {
    let (rig, _directory) = simulators();
    for n in 0..3 {
        rig.charge("web-1", &format!("invoice/{n}")).await;
    }
    let page = rig.ledger_page("payment", "?limit=3").await;
    assert_eq!((page.items.len(), page.next), (3, None));
}
