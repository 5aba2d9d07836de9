//! The three APIs, when nothing goes wrong.

use chassis::{client::Call, platform::Platform};
use contracts::outside::simulators::{Behaviour, Outcome};
use serde_json::json;

use crate::rig::{ORDER, boot_on, charge, message, simulators};

#[tokio::test(start_paused = true)]
async fn a_charge_is_taken_and_says_what_it_was_for() {
    let (rig, _directory) = simulators();
    let (status, body) = rig.charge("web-1", "invoice/1").await;
    assert_eq!(status, 200, "{body}");
    assert!(body["id"].as_str().unwrap().starts_with("ch_"));
    assert_eq!((&body["amount"], &body["currency"]), (&json!(1299), &json!("EUR")));
    assert_eq!((&body["reference"], &body["metadata"]["order_id"]), (&json!("web-1"), &json!(ORDER)));
}

#[tokio::test(start_paused = true)]
async fn a_declined_card_is_a_402_that_says_whether_trying_again_may_help() {
    let (rig, _directory) = simulators();
    for (behaviour, decline_code) in [(Behaviour::Decline, "hard"), (Behaviour::SoftDecline, "soft")] {
        rig.script("payment", decline_code, behaviour).await;
        let (status, body) = rig.charge(decline_code, decline_code).await;
        assert_eq!((status, &body["code"]), (402, &json!("CARD_DECLINED")));
        assert_eq!(body["decline_code"], decline_code);
    }
}

#[tokio::test(start_paused = true)]
async fn the_charges_of_an_order_are_those_that_were_taken() {
    let (rig, _directory) = simulators();
    rig.script("payment", "poor", Behaviour::SoftDecline).await;
    rig.charge("poor", "invoice/1").await;
    let (_, taken) = rig.charge("rich", "invoice/2").await;
    let (status, body) = rig.get(&format!("{}/v1/charges?order_id={ORDER}", rig.url)).await;
    assert_eq!((status, body), (200, json!({ "items": [taken], "next": null })));
    let nobodys = "0198c5f0-0000-7000-8000-000000000000";
    let (_, body) = rig.get(&format!("{}/v1/charges?order_id={nobodys}", rig.url)).await;
    assert_eq!(body["items"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn a_booking_has_a_carrier_and_a_number_of_its_own() {
    let (rig, _directory) = simulators();
    let (status, first) = rig.book("web-1", "order-1").await;
    let (_, second) = rig.book("web-2", "order-2").await;
    assert_eq!(status, 201, "{first}");
    assert!(first["booking_id"].as_str().unwrap().starts_with("bk_"));
    assert_eq!(first["carrier"], second["carrier"]);
    assert_ne!(first["tracking_number"], second["tracking_number"]);
}

#[tokio::test(start_paused = true)]
async fn a_carrier_that_refuses_for_good_says_so_by_a_code() {
    let (rig, _directory) = simulators();
    rig.script("carrier", "web-1", Behaviour::Refuse).await;
    let (status, body) = rig.book("web-1", "order-1").await;
    assert_eq!((status, &body["code"]), (422, &json!("BOOKING_REFUSED")));
    assert_eq!(rig.ledger("carrier").await[0].result, Outcome::Refused);
}

#[tokio::test(start_paused = true)]
async fn a_message_is_taken_for_delivery() {
    let (rig, _directory) = simulators();
    let (status, body) = rig.ask("/v1/messages", "invoice", &message("web-1")).await;
    assert_eq!(status, 202, "{body}");
    assert!(body["id"].as_str().unwrap().starts_with("msg_"));
}

#[tokio::test(start_paused = true)]
async fn the_same_key_gets_the_same_answer_whatever_the_script_says_by_then() {
    let (rig, _directory) = simulators();
    let first = rig.charge("web-1", "invoice/1").await;
    rig.script("payment", "web-1", Behaviour::Decline).await;
    assert_eq!(rig.charge("web-1", "invoice/1").await, first);

    let (status, declined) = rig.charge("web-1", "invoice/2").await;
    rig.script("payment", "web-1", Behaviour::Hold).await;
    let (again, still_declined) = rig.charge("web-1", "invoice/2").await;
    assert_eq!((status, again), (402, 402));
    assert_eq!(declined["decline_code"], still_declined["decline_code"]);
    assert_eq!(rig.ledger("payment").await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_same_key_with_another_body_is_a_mistake() {
    let (rig, _directory) = simulators();
    rig.charge("web-1", "invoice/1").await;
    let mut other = charge("web-1");
    other["amount"] = json!(1300);
    let (status, body) = rig.ask("/v1/charges", "invoice/1", &other).await;
    assert_eq!((status, &body["code"]), (422, &json!("IDEMPOTENCY_MISMATCH")));
    assert_eq!(rig.ledger("payment").await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_key_means_another_thing_to_each_system() {
    let (rig, _directory) = simulators();
    assert_eq!(rig.charge("web-1", "same").await.0, 200);
    assert_eq!(rig.book("web-1", "same").await.0, 201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_key_twice_at_once_is_done_once() {
    let directory = tempfile::tempdir().unwrap();
    let rig = boot_on(&Platform::system(), directory.path());
    let asked: Vec<_> = (0..8).map(|_| rig.begin("/v1/charges", "invoice/1", &charge("web-1"))).collect();
    for answer in asked {
        assert_eq!(answer.await.unwrap().unwrap().status, 200);
    }
    assert_eq!(rig.ledger("payment").await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_done_without_a_key() {
    let (rig, _directory) = simulators();
    let call = Call::post(format!("{}/v1/charges", rig.url)).json(&charge("web-1")).unwrap();
    let response = rig.client.send(call).await.unwrap();
    assert_eq!(
        (response.status.as_u16(), response.problem().unwrap().code.as_str()),
        (400, "MALFORMED_REQUEST")
    );
}

#[tokio::test(start_paused = true)]
async fn a_body_that_makes_no_sense_is_422_and_names_the_field() {
    let (rig, _directory) = simulators();
    for (field, wrong) in
        [("amount", json!(-1)), ("currency", json!("EURO")), ("reference", json!("two words"))]
    {
        let mut body = charge("web-1");
        body[field] = wrong;
        let (status, problem) = rig.ask("/v1/charges", "invoice/1", &body).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!(field)));
    }
    assert_eq!(rig.ledger("payment").await, []);
}
