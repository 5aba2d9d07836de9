//! Requests that are kept unanswered until a runner lets them go.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};
use contracts::outside::simulators::{Behaviour, Held};
use serde_json::json;
use tokio::sync::oneshot;

use crate::rig::{ORDER, booking, charge, read, simulators};

#[tokio::test(start_paused = true)]
async fn a_held_request_is_listed_until_it_is_let_go_and_then_accepted() {
    let (rig, _directory) = simulators();
    rig.script("carrier", "web-1", Behaviour::Hold).await;
    let request = rig.begin("/v1/bookings", "order-1", &booking("web-1"));
    rig.until_held("carrier", 1).await;
    let expected = Held {
        reference: Some("web-1".parse().unwrap()),
        order_id: ORDER.parse().unwrap(),
        key: "order-1".into(),
    };
    assert_eq!(rig.show("carrier").await.held, [expected]);
    assert_eq!(rig.ledger("carrier").await, []);

    rig.script("carrier", "web-1", Behaviour::Accept).await;
    assert_eq!(request.await.unwrap().unwrap().status, 201);
    assert_eq!(rig.show("carrier").await.held, []);
    assert_eq!(rig.ledger("carrier").await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_held_request_may_also_be_refused_in_the_end() {
    let (rig, _directory) = simulators();
    rig.script("payment", "web-1", Behaviour::Hold).await;
    let request = rig.begin("/v1/charges", "invoice/1", &charge("web-1"));
    rig.until_held("payment", 1).await;
    rig.script("payment", "web-1", Behaviour::SoftDecline).await;
    assert_eq!(request.await.unwrap().unwrap().status, 402);
}

#[tokio::test(start_paused = true)]
async fn without_its_script_a_held_request_is_answered_as_most_are() {
    let (rig, _directory) = simulators();
    rig.script("payment", "web-1", Behaviour::Hold).await;
    let request = rig.begin("/v1/charges", "invoice/1", &charge("web-1"));
    rig.until_held("payment", 1).await;
    rig.set("payment", &json!({ "scripts": { "web-1": null } })).await;
    assert_eq!(request.await.unwrap().unwrap().status, 200);
}

#[tokio::test(start_paused = true)]
async fn the_default_may_hold_also_those_without_a_reference() {
    let (rig, _directory) = simulators();
    rig.set("payment", &json!({ "default": "hold" })).await;
    let mut nameless = charge("");
    nameless["reference"] = json!(null);
    let request = rig.begin("/v1/charges", "invoice/1", &nameless);
    rig.until_held("payment", 1).await;
    rig.set("payment", &json!({ "default": "accept" })).await;
    assert_eq!(request.await.unwrap().unwrap().status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_gives_up_and_asks_again_is_held_again() {
    let (rig, _directory) = simulators();
    rig.script("payment", "web-1", Behaviour::Hold).await;
    let impatient = rig.call("/v1/charges", "invoice/1", &charge("web-1")).within(Duration::from_secs(3));
    assert!(rig.client.send(impatient).await.unwrap_err().was_sent());
    rig.until_held("payment", 0).await;

    let again = rig.begin("/v1/charges", "invoice/1", &charge("web-1"));
    rig.until_held("payment", 1).await;
    rig.script("payment", "web-1", Behaviour::Accept).await;
    assert_eq!(again.await.unwrap().unwrap().status, 200);
    assert_eq!(rig.ledger("payment").await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_held_request_ends_at_its_deadline_with_nothing_done() {
    let (rig, _directory) = simulators();
    rig.script("payment", "web-1", Behaviour::Hold).await;
    let timeout = (HeaderName::from_static("x-request-timeout-ms"), HeaderValue::from_static("2500"));
    let call = rig.call("/v1/charges", "invoice/1", &charge("web-1")).header(timeout.0, timeout.1);
    let (status, body) = read(&rig.client.send(call).await.unwrap());
    assert_eq!((status, &body["code"]), (504, &json!("DEADLINE_EXCEEDED")));
    assert_eq!(rig.ledger("payment").await, []);
}

#[tokio::test(start_paused = true)]
async fn stopping_lets_go_of_what_is_held_with_nothing_done() {
    let (rig, directory) = simulators();
    rig.script("carrier", "web-1", Behaviour::Hold).await;
    let request = rig.begin("/v1/bookings", "order-1", &booking("web-1"));
    rig.until_held("carrier", 1).await;

    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(rig.app.run_until(async { drop(stopped.await) }));
    drop(stop);
    assert_eq!(request.await.unwrap().unwrap().status, 503);
    assert!(running.await.unwrap().is_clean());
    assert_eq!(crate::rig::boot(directory.path()).ledger("carrier").await, []);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_held_holds_up_nobody_else() {
    let (rig, _directory) = simulators();
    rig.script("payment", "web-1", Behaviour::Hold).await;
    let _request = rig.begin("/v1/charges", "invoice/1", &charge("web-1"));
    rig.until_held("payment", 1).await;
    assert_eq!(rig.charge("web-2", "invoice/2").await.0, 200);
}
