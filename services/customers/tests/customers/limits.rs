//! `PATCH /v1/customers/{id}`.

use contracts::{
    CustomerId,
    customers::{Customer, Reply},
};
use serde_json::json;
use uuid::Uuid;

use crate::support::{World, eur, order, refusal, release, reserve, settle, usd, wrong_fields};

#[tokio::test]
async fn a_new_limit_is_shown_with_a_new_version() {
    let world = World::start();
    let id = world.customer(100).await;
    let response = world.change_limit(id, None, eur(250)).await;
    assert_eq!((response.status.as_u16(), &response.headers["etag"]), (200, &"\"2\"".parse().unwrap()));
    let customer: Customer = response.json().unwrap();
    assert_eq!((customer.credit_limit, customer.credit_available, customer.version), (eur(250), eur(250), 2));
    assert_eq!(world.find(id).await, customer);
}

#[tokio::test]
async fn the_limit_as_it_is_changes_nothing() {
    let world = World::start();
    let id = world.customer(100).await;
    let customer: Customer = world.change_limit(id, Some(1), eur(100)).await.json().unwrap();
    assert_eq!(customer.version, 1);
}

#[tokio::test]
async fn whoever_saw_an_older_version_is_refused() {
    let world = World::start();
    let id = world.customer(100).await;
    assert_eq!(world.change_limit(id, Some(1), eur(200)).await.status, 200);
    let stale = world.change_limit(id, Some(1), eur(300)).await;
    assert_eq!(refusal(&stale), (412, "PRECONDITION_FAILED".to_owned()));
    assert_eq!(world.find(id).await.credit_limit, eur(200));
}

#[tokio::test]
async fn a_limit_below_what_is_reserved_is_refused() {
    let world = World::start();
    let id = world.customer(100).await;
    world.ask(&reserve(id, order(1), eur(60))).await;
    let refused = world.change_limit(id, None, eur(59)).await;
    assert_eq!(refusal(&refused), (409, "LIMIT_BELOW_RESERVED".to_owned()));
    assert_eq!(world.change_limit(id, None, eur(60)).await.status, 200);
}

#[tokio::test]
async fn the_currency_changes_only_while_nothing_is_reserved() {
    let world = World::start();
    let id = world.customer(100).await;
    world.ask(&reserve(id, order(1), eur(60))).await;
    let refused = world.change_limit(id, None, usd(500)).await;
    assert_eq!(refusal(&refused), (409, "CURRENCY_MISMATCH".to_owned()));
    world.ask(&release(id, order(1))).await;
    let changed: Customer = world.change_limit(id, None, usd(500)).await.json().unwrap();
    assert_eq!((changed.credit_limit, changed.credit_reserved), (usd(500), usd(0)));
    assert_eq!(world.find(id).await, changed);
}

#[tokio::test]
async fn an_order_that_costs_nothing_keeps_its_currency_when_the_limit_does_not() {
    let world = World::start();
    let id = world.customer(100).await;
    world.ask(&reserve(id, order(1), eur(0))).await;
    assert_eq!(world.change_limit(id, None, usd(500)).await.status, 200);
    let held = world.admin("/audit").await["aggregates"][0]["held"].clone();
    assert_eq!(held, json!([{"order_id": order(1), "amount": eur(0)}]));
    assert_eq!(world.ask(&settle(id, order(1))).await, Reply::CreditSettled);
    assert_eq!(world.find(id).await.credit_reserved, usd(0));
}

#[tokio::test]
async fn nobody_has_a_limit_under_an_unknown_id() {
    let world = World::start();
    let nobody = CustomerId::new(Uuid::from_u128(7));
    for seen in [None, Some(1)] {
        let refused = world.change_limit(nobody, seen, eur(1)).await;
        assert_eq!(refusal(&refused), (404, "NOT_FOUND".to_owned()));
    }
}

#[tokio::test]
async fn every_wrong_part_of_a_limit_is_named() {
    let world = World::start();
    let id = world.customer(100).await;
    let body = json!({"credit_limit": {"amount": -5, "currency": "gold"}});
    let call = chassis::client::Call::patch(world.url(&format!("/v1/customers/{id}"))).json(&body).unwrap();
    let response = world.send(call).await;
    assert_eq!(refusal(&response), (422, "INVALID_FIELDS".to_owned()));
    assert_eq!(wrong_fields(&response), ["credit_limit.amount", "credit_limit.currency"]);
}
