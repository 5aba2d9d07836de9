//! What orders need: customers, products, and a world outside.

use axum::http::{Method, StatusCode};
use chassis::client::Call;
use contracts::{
    Style,
    customers::Customer,
    outside::simulators::{ChangeFaults, ChangeSettings},
};
use serde_json::{Value, json};

use crate::client::{Client, Request};

/// A customer of this name who may owe so many cents.
pub(crate) fn new_customer(name: &str, limit: i64) -> Value {
    json!({
        "name": name,
        "email": format!("{name}@example.org"),
        "address": {"line1": "12 St James's Square", "postal_code": "SW1Y 4JH", "city": "London", "country": "GB"},
        "credit_limit": {"amount": limit, "currency": "EUR"},
    })
}

/// A product at 9.99.
pub(crate) fn new_product(sku: &str, on_hand: u32) -> Value {
    json!({"sku": sku, "name": "Tea", "unit_price": {"amount": 999, "currency": "EUR"}, "on_hand": on_hand})
}

/// Asks for a customer.
pub(crate) fn registration(style: Style, name: &str, limit: i64) -> Request {
    let (path, body) = (format!("/{style}/v1/customers"), new_customer(name, limit));
    Request { method: Method::POST, path, key: name.to_owned(), wait: 0, body: Some(body) }
}

/// Asks for a product.
pub(crate) fn offer_of(style: Style, sku: &str, on_hand: u32) -> Request {
    let (path, body) = (format!("/{style}/v1/products"), new_product(sku, on_hand));
    Request { method: Method::POST, path, key: sku.to_owned(), wait: 0, body: Some(body) }
}

/// Registers a customer, if it was not done before; answers the id.
pub(crate) async fn register(client: &Client, style: Style, name: &str, limit: i64) -> String {
    let answer = client.ask(&registration(style, name, limit)).await.unwrap();
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    answer.json::<Customer>().unwrap().id.to_string()
}

/// Adds a product, if it was not done before.
pub(crate) async fn offer(client: &Client, style: Style, sku: &str, on_hand: u32) {
    let answer = client.ask(&offer_of(style, sku, on_hand)).await.unwrap();
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
}

/// Lets the systems outside refuse, fail and lose answers now and then.
pub(crate) async fn trouble(client: &Client, admin: &str, style: Style) {
    for (system, refuse_rate) in [("payment", 0.1), ("carrier", 0.1), ("mail", 0.0)] {
        let faults = ChangeFaults {
            jitter_ms: Some(20),
            error_rate: Some(0.05),
            drop_rate: Some(0.05),
            ..ChangeFaults::default()
        };
        let change = ChangeSettings { refuse_rate: Some(refuse_rate), faults, ..ChangeSettings::default() };
        let url = format!("{admin}/{style}/simulators/simulators/{system}");
        let answer = client.http().send(Call::put(url).json(&change).unwrap()).await.unwrap();
        assert!(answer.is_success(), "{answer:?}");
    }
}
