//! One style as its clients and operators see it.

use std::{cell::Cell, rc::Rc, thread::panicking, time::Duration};

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use chassis::client::{Call, Response};
use contracts::Style;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::{
    seeds::report,
    world::{PATIENCE, World, gateway},
};

/// One style of a running system.
pub(super) struct Shop {
    pub(super) world: Rc<World>,
    pub(super) style: Style,
    keys: Cell<u32>,
}

/// What was answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    /// Null if there is none.
    pub(super) body: Value,
}

impl Answer {
    /// The code of a problem.
    pub(super) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// Status and code, as most refusals are told.
    pub(super) fn refusal(&self) -> (u16, &str) {
        (self.status, self.code())
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The body, if it is a success.
    #[track_caller]
    pub(super) fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{self:?}");
        self.body
    }
}

impl From<Response> for Answer {
    fn from(response: Response) -> Self {
        let body = serde_json::from_slice(&response.body).unwrap_or_default();
        Self { status: response.status.as_u16(), headers: response.headers, body }
    }
}

/// A request that is being written.
pub(super) struct Request<'a> {
    shop: &'a Shop,
    call: Call,
}

impl Request<'_> {
    pub(super) fn header(mut self, name: &'static str, value: &str) -> Self {
        let (name, value) = (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        self.call = self.call.header(name, value);
        self
    }

    pub(super) fn json(mut self, body: &Value) -> Self {
        self.call = self.call.json(body).unwrap();
        self
    }

    pub(super) fn text(mut self, body: &str) -> Self {
        self.call = self.call.body(body.to_owned());
        self
    }

    /// Sends it, and answers the body as it is.
    pub(super) async fn raw(self) -> axum::body::Bytes {
        self.shop.world.send(self.call.within(PATIENCE)).await.body
    }

    pub(super) async fn send(self) -> Answer {
        self.shop.world.send(self.call.within(PATIENCE)).await.into()
    }
}

impl Shop {
    pub(super) fn new(world: Rc<World>, style: Style) -> Self {
        Self { world, style, keys: Cell::new(0) }
    }

    /// A request to a path of this style's API.
    pub(super) fn request(&self, method: Method, path: &str) -> Request<'_> {
        Request { shop: self, call: Call::new(method, gateway(&format!("/{}/v1{path}", self.style))) }
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path).send().await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.request(Method::POST, path).json(body).send().await
    }

    pub(super) async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.request(Method::PATCH, path).json(body).send().await
    }

    pub(super) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.request(Method::PUT, path).json(body).send().await
    }

    pub(super) async fn delete(&self, path: &str) -> Answer {
        self.request(Method::DELETE, path).send().await
    }

    /// Registers somebody who may owe so many cents.
    pub(super) async fn customer(&self, limit: i64) -> String {
        self.customer_in(limit, "EUR").await
    }

    pub(super) async fn customer_in(&self, limit: i64, currency: &str) -> String {
        let body = somebody(limit, currency);
        text(&self.post("/customers", &body).await.ok()["id"])
    }

    /// How much of somebody's credit is set aside.
    pub(super) async fn reserved(&self, customer: &str) -> i64 {
        self.get(&format!("/customers/{customer}")).await.ok()["credit_reserved"]["amount"].as_i64().unwrap()
    }

    /// Offers so many pieces at so many cents.
    pub(super) async fn product(&self, sku: &str, price: i64, on_hand: i64) {
        self.product_in(sku, price, "EUR", on_hand).await;
    }

    pub(super) async fn product_in(&self, sku: &str, price: i64, currency: &str, on_hand: i64) {
        let body = json!({
            "sku": sku, "name": format!("One {sku}"), "unit_price": {"amount": price, "currency": currency},
            "on_hand": on_hand,
        });
        assert_eq!(self.post("/products", &body).await.status, 201);
    }

    /// How many pieces are in the house, and how many of them are set aside.
    pub(super) async fn stock(&self, sku: &str) -> (i64, i64) {
        let product = self.get(&format!("/products/{sku}")).await.ok();
        (product["on_hand"].as_i64().unwrap(), product["reserved"].as_i64().unwrap())
    }

    /// Begins an order; answers its id.
    pub(super) async fn order(&self, customer: &str, items: &[(&str, i64)]) -> String {
        text(&self.post("/orders", &order(customer, items)).await.ok()["id"])
    }

    /// Begins an order and places it, without waiting for what comes of it; answers its id.
    pub(super) async fn placed(&self, customer: &str, items: &[(&str, i64)]) -> String {
        let id = self.order(customer, items).await;
        self.place(&id, 0).await.ok();
        id
    }

    /// Places an order and waits so many seconds.
    pub(super) async fn place(&self, order: &str, wait: u32) -> Answer {
        let request = self.request(Method::POST, &format!("/orders/{order}/place"));
        request.header("prefer", &format!("wait={wait}")).send().await
    }

    /// Cancels an order and waits so many seconds.
    pub(super) async fn cancel(&self, order: &str, wait: u32) -> Answer {
        let request = self.request(Method::POST, &format!("/orders/{order}/cancel"));
        request.header("prefer", &format!("wait={wait}")).send().await
    }

    pub(super) async fn pay(&self, order: &str) -> Answer {
        self.request(Method::POST, &format!("/invoices/{order}/pay")).send().await
    }

    /// An order as it is shown.
    pub(super) async fn show(&self, order: &str) -> Value {
        self.get(&format!("/orders/{order}")).await.ok()
    }

    /// Waits until an order is in this status, and nothing more is to be done in the system.
    pub(super) async fn settled(&self, order: &str, status: &str) -> Value {
        self.until(order, status).await;
        self.rest().await;
        let order = self.show(order).await;
        assert_eq!(order["status"], status, "{order}");
        order
    }

    /// Waits until an order is in this status.
    pub(super) async fn until(&self, order: &str, status: &str) -> Value {
        self.until_it(order, |order| order["status"] == status).await
    }

    /// Waits until an order is as it should be.
    pub(super) async fn until_it(&self, order: &str, is: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let looking = async {
            loop {
                last = self.show(order).await;
                if is(&last) {
                    break;
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        let seen = timeout(PATIENCE, looking).await;
        assert!(seen.is_ok(), "it never came to be so, but {last}");
        last
    }

    /// Waits until nothing is to be done any more.
    pub(super) async fn rest(&self) {
        let admin = self.world.admin();
        let apps = admin.apps().await.unwrap();
        let busy = switchyard::audit::until_rest(&admin, &apps, &[self.style], PATIENCE).await.unwrap();
        assert!(busy.is_empty(), "{busy:?}");
    }

    /// Sets a system outside.
    pub(super) async fn set(&self, system: &str, change: &Value) {
        let url = format!("http://127.0.0.1:8081/{}/simulators/simulators/{system}", self.style);
        let answer = self.world.send(Call::put(url).json(change).unwrap()).await;
        assert!(answer.is_success(), "{answer:?}");
    }

    /// Waits until a system outside keeps a call unanswered.
    pub(super) async fn until_held(&self, system: &str) {
        let url = format!("http://127.0.0.1:8081/{}/simulators/simulators/{system}", self.style);
        let looking = async {
            loop {
                let shown: Value = self.world.send(Call::get(url.clone())).await.json().unwrap();
                if shown["held"].as_array().is_some_and(|held| !held.is_empty()) {
                    return;
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, looking).await.unwrap();
    }

    /// What a system outside has answered about an order.
    pub(super) async fn asked(&self, system: &str, order: &str) -> Vec<String> {
        let url = format!("http://127.0.0.1:8081/{}/simulators/simulators/{system}/ledger", self.style);
        let page: Value = self.world.send(Call::get(url)).await.json().unwrap();
        let entries = page["items"].as_array().unwrap();
        entries
            .iter()
            .filter(|entry| entry["order_id"] == order)
            .map(|entry| text(&entry["result"]))
            .collect()
    }

    /// A key that no other request has.
    pub(super) fn key(&self) -> String {
        self.keys.set(self.keys.get() + 1);
        format!("key-{}", self.keys.get())
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        if panicking() {
            report(format_args!("in the style {}:", self.style));
        }
    }
}

/// Somebody who may owe so much.
pub(super) fn somebody(limit: i64, currency: &str) -> Value {
    json!({
        "name": "Ada", "email": "ada@example.org", "credit_limit": {"amount": limit, "currency": currency},
        "address": {"line1": "12 St James's Square", "postal_code": "SW1Y 4JH", "city": "London", "country": "GB"},
    })
}

/// An order of so many pieces of each.
pub(super) fn order(customer: &str, items: &[(&str, i64)]) -> Value {
    let items: Vec<_> =
        items.iter().map(|(sku, quantity)| json!({"sku": sku, "quantity": quantity})).collect();
    json!({"customer_id": customer, "items": items})
}

/// A customer whom nobody knows.
pub(super) const NOBODY: &str = "01890000-0000-7000-8000-000000000000";

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}
