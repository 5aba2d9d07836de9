//! A client of an ordering service.

use std::{net::SocketAddr, time::Duration};

use axum::http::{HeaderName, HeaderValue};
use chassis::{
    client::{self, Call, HttpClient, Response},
    platform::Platform,
};
use contracts::ordering::{Order, OrderStatus};
use serde_json::{Value, json};

use super::until;

/// Who orders, where it does not matter.
pub(crate) const CUSTOMER: &str = "0198c5f0-3a6e-7c61-8f6e-2f3d1c9b7a10";

/// A client of an ordering service, which waits for answers as long as it takes.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) http: HttpClient,
    ordering: SocketAddr,
}

impl Client {
    pub(crate) fn new(platform: &Platform, ordering: SocketAddr) -> Self {
        let options = client::Options { timeout: Duration::from_secs(3600), ..client::Options::default() };
        Self { http: HttpClient::new(platform, options), ordering }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.ordering)
    }

    pub(crate) async fn send(&self, call: Call) -> Response {
        self.http.send(call).await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.send(Call::get(self.url(path))).await
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Call {
        Call::post(self.url(path)).json(body).unwrap()
    }

    /// Begins an order of so many pieces of these products.
    pub(crate) async fn create(&self, items: &[(&str, i64)]) -> Order {
        let response = self.send(self.post("/v1/orders", &order_of(items))).await;
        assert_eq!(response.status, 201, "{response:?}");
        response.json().unwrap()
    }

    /// Begins an order of something, and places it without waiting for what comes of it.
    pub(crate) async fn placed(&self) -> Order {
        let order = self.create(&[("TEA", 2)]).await;
        let response = self.send(self.place(&order)).await;
        assert_eq!(response.status, 202, "{response:?}");
        response.json().unwrap()
    }

    /// Places an order, without waiting for what comes of it.
    pub(crate) fn place(&self, order: &Order) -> Call {
        with(Call::post(self.url(&format!("/v1/orders/{}/place", order.id))), "prefer", "wait=0")
    }

    /// Cancels an order, without waiting for the decision.
    pub(crate) fn cancel(&self, order: &Order) -> Call {
        with(Call::post(self.url(&format!("/v1/orders/{}/cancel", order.id))), "prefer", "wait=0")
    }

    /// The order as it is now.
    pub(crate) async fn show(&self, order: &Order) -> Order {
        let response = self.get(&format!("/v1/orders/{}", order.id)).await;
        assert_eq!(response.status, 200, "{response:?}");
        response.json().unwrap()
    }

    /// The order once it is in this status.
    pub(crate) async fn until_in(&self, order: &Order, status: OrderStatus) -> Order {
        until(&format!("the order is {status:?}"), async || {
            Some(self.show(order).await).filter(|order| order.status == status)
        })
        .await
    }
}

/// The body that begins an order of so many pieces of these products.
pub(crate) fn order_of(items: &[(&str, i64)]) -> Value {
    let items: Vec<_> =
        items.iter().map(|(sku, quantity)| json!({"sku": sku, "quantity": quantity})).collect();
    json!({"customer_id": CUSTOMER, "items": items})
}

/// A call with this header.
pub(crate) fn with(call: Call, name: &'static str, value: &str) -> Call {
    call.header(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
}

/// The status, and the code of the problem.
pub(crate) fn refusal(response: &Response) -> (u16, String) {
    let problem = response.problem().unwrap_or_else(|| panic!("not a problem: {response:?}"));
    assert_eq!(problem.status, response.status.as_u16());
    assert_eq!(response.headers["content-type"], "application/problem+json");
    assert_eq!(response.headers["x-trace-id"], problem.trace_id.as_str());
    (problem.status, problem.code)
}

/// The fields that the problem names, in alphabetical order.
pub(crate) fn wrong_fields(response: &Response) -> Vec<String> {
    let errors = response.problem().and_then(|problem| problem.errors).unwrap_or_default();
    let mut fields: Vec<_> = errors.into_iter().map(|error| error.field).collect();
    fields.sort();
    fields
}
