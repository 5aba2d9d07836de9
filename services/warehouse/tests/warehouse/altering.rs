//! `PATCH /v1/products/{sku}` and `POST /v1/products/{sku}/restock`.

use contracts::{Count, Money, warehouse::Product};
use serde_json::json;

use crate::support::{World, eur, lines, order, refusal, reserve, sku, wrong_fields};

#[tokio::test]
async fn a_name_and_a_price_change_each_alone_or_both_together() {
    let world = World::start();
    let tea = world.product("TEA-100", 12).await;
    let response = world.alter(&tea, None, &json!({"name": "Black tea"})).await;
    assert_eq!((response.status.as_u16(), &response.headers["etag"]), (200, &"\"2\"".parse().unwrap()));
    let response = world.alter(&tea, None, &json!({"unit_price": eur(599)})).await;
    assert_eq!(response.json::<Product>().unwrap().version, 3);
    let both = json!({"name": "White tea", "unit_price": {"amount": 700, "currency": "USD"}});
    let product: Product = world.alter(&tea, None, &both).await.json().unwrap();
    let dollars = Money::new(700, contracts::Currency::USD).unwrap();
    assert_eq!((product.name.as_str(), product.unit_price, product.version), ("White tea", dollars, 5));
    assert_eq!(world.find(&tea).await, product);
}

#[tokio::test]
async fn what_is_so_already_changes_nothing() {
    let world = World::start();
    let tea = world.product("TEA-100", 12).await;
    let same = json!({"name": "Green tea, 100 g", "unit_price": eur(499)});
    assert_eq!(world.alter(&tea, Some(1), &same).await.json::<Product>().unwrap().version, 1);
}

#[tokio::test]
async fn whoever_saw_an_older_version_is_refused() {
    let world = World::start();
    let tea = world.product("TEA-100", 12).await;
    assert_eq!(world.alter(&tea, Some(1), &json!({"unit_price": eur(1)})).await.status, 200);
    let stale = world.alter(&tea, Some(1), &json!({"unit_price": eur(2)})).await;
    assert_eq!(refusal(&stale), (412, "PRECONDITION_FAILED".to_owned()));
    assert_eq!(world.find(&tea).await.unit_price, eur(1));
}

#[tokio::test]
async fn a_change_of_nothing_and_every_wrong_field_are_422() {
    let world = World::start();
    let tea = world.product("TEA-100", 12).await;
    let nothing = world.alter(&tea, None, &json!({})).await;
    assert_eq!((refusal(&nothing).0, wrong_fields(&nothing)), (422, vec![".".to_owned()]));
    let wrong = json!({"name": "", "unit_price": {"amount": -1, "currency": "gold"}});
    let response = world.alter(&tea, None, &wrong).await;
    assert_eq!(refusal(&response), (422, "INVALID_FIELDS".to_owned()));
    assert_eq!(wrong_fields(&response), ["name", "unit_price.amount", "unit_price.currency"]);
    assert_eq!(world.find(&tea).await.version, 1);
}

#[tokio::test]
async fn what_is_not_kept_is_neither_altered_nor_restocked() {
    let world = World::start();
    for seen in [None, Some(1)] {
        let altered = world.alter(&sku("NONE"), seen, &json!({"name": "Tea"})).await;
        assert_eq!(refusal(&altered), (404, "NOT_FOUND".to_owned()));
    }
    assert_eq!(refusal(&world.restock(&sku("NONE"), 1).await), (404, "NOT_FOUND".to_owned()));
}

#[tokio::test]
async fn what_comes_in_is_received_on_hand_and_available() {
    let world = World::start();
    let tea = world.product("TEA-100", 12).await;
    world.ask(&reserve(order(1), &lines([(&tea, 5)]))).await;
    let response = world.restock(&tea, 8).await;
    assert_eq!((response.status.as_u16(), &response.headers["etag"]), (200, &"\"3\"".parse().unwrap()));
    let product: Product = response.json().unwrap();
    let counts = [product.received, product.on_hand, product.reserved, product.available].map(Count::get);
    assert_eq!(counts, [20, 20, 5, 15]);
}

#[tokio::test]
async fn a_restock_of_none_or_of_too_many_is_422() {
    let world = World::start();
    let tea = world.product("TEA-100", 12).await;
    for quantity in [0, -1, 1_000_001] {
        let response = world.restock(&tea, quantity).await;
        assert_eq!(refusal(&response), (422, "INVALID_FIELDS".to_owned()));
        assert_eq!(wrong_fields(&response), ["quantity"]);
    }
}

#[tokio::test]
async fn no_more_comes_in_than_can_be_counted() {
    let world = World::start();
    let tea = world.product("TEA-100", Count::MAX).await;
    assert_eq!(refusal(&world.restock(&tea, 1).await), (409, "COUNT_TOO_LARGE".to_owned()));
    assert_eq!(world.stock(&tea).await, (Count::MAX, 0));
}

#[tokio::test]
async fn a_restock_repeated_under_its_key_comes_in_once() {
    let world = World::start();
    let tea = world.product("TEA-100", 12).await;
    let (path, body) = (format!("/v1/products/{tea}/restock"), json!({"quantity": 8}));
    let first = world.post_under("k1", &path, &body).await;
    let again = world.post_under("k1", &path, &body).await;
    assert_eq!((first.status.as_u16(), &again.body), (200, &first.body));
    assert_eq!(world.stock(&tea).await, (20, 0));
    let other_product = world.product("TEA-200", 1).await;
    let mismatch = world.post_under("k1", &format!("/v1/products/{other_product}/restock"), &body).await;
    assert_eq!(refusal(&mismatch), (422, "IDEMPOTENCY_MISMATCH".to_owned()));
}
