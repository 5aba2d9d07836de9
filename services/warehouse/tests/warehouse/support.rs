//! A warehouse service, and what is said to it.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use axum::http::{HeaderName, HeaderValue, Method};
use chassis::service::Running;
use chassis::{
    client::{self, Call, HttpClient, Response},
    limits::Limits,
    platform::Platform,
    retention::Retention,
    telemetry::LogHandle,
};
use contracts::{
    Line, Money, OrderId, Quantity, Sku,
    warehouse::{Command, Product, Reply},
};
use database::{Clock, Executor};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;
use warehouse::{App, Config, Reach};

const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// The service, its data, and a client of it.
pub(crate) struct World {
    directory: TempDir,
    platform: Platform,
    reach: Reach,
    app: Option<Running>,
    admin: String,
    pub(crate) client: HttpClient,
}

impl World {
    pub(crate) fn start() -> Self {
        Self::reached_by(Reach::Rest(()))
    }

    pub(crate) fn reached_by(reach: Reach) -> Self {
        let platform = Platform { executor: Executor::Threads, ..Platform::simulated(1, Clock::system()) };
        let directory = tempfile::tempdir().unwrap();
        let client = HttpClient::new(&platform, client::Options::default());
        let mut world = Self { directory, platform, reach, app: None, admin: String::new(), client };
        world.restart();
        world
    }

    /// Starts the service on the data that it left behind.
    pub(crate) fn restart(&mut self) {
        let config = Config {
            reach: self.reach.clone(),
            listen: ANY_PORT,
            database: self.file(),
            limits: Limits::default(),
            retention: Retention::default(),
        };
        let mut app = App::build(&config, &self.platform).unwrap();
        let admin = app.serve_admin(ANY_PORT, LogHandle::detached()).unwrap();
        self.admin = format!("http://{admin}");
        self.app = Some(app);
    }

    /// Ends the service as a crash would: nothing is finished, nothing is said.
    pub(crate) fn crash(&mut self) {
        self.app = None;
    }

    pub(crate) async fn stop(&mut self) {
        let stopped = self.app.take().unwrap().run_until(std::future::ready(())).await;
        assert!(stopped.is_clean(), "{stopped:?}");
    }

    /// The file that the service keeps its data in.
    pub(crate) fn file(&self) -> PathBuf {
        self.directory.path().join("warehouse.db")
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.app.as_ref().unwrap().address())
    }

    pub(crate) async fn send(&self, call: Call) -> Response {
        self.client.send(call).await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.send(Call::get(self.url(path))).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Response {
        self.send(Call::post(self.url(path)).json(body).unwrap()).await
    }

    pub(crate) async fn post_under(&self, key: &'static str, path: &str, body: &Value) -> Response {
        let key = (HeaderName::from_static("idempotency-key"), HeaderValue::from_static(key));
        self.send(Call::post(self.url(path)).json(body).unwrap().header(key.0, key.1)).await
    }

    pub(crate) async fn admin(&self, path: &str) -> Value {
        let response = self.send(Call::get(format!("{}{path}", self.admin))).await;
        assert!(response.is_success(), "{response:?}");
        response.json().unwrap()
    }

    /// Tells the admin port something.
    pub(crate) async fn admin_post(&self, path: &str, body: &Value) -> Response {
        self.send(Call::post(format!("{}{path}", self.admin)).json(body).unwrap()).await
    }

    /// Adds a product of which there are so many.
    pub(crate) async fn product(&self, name: &str, on_hand: i64) -> Sku {
        let response = self.post("/v1/products", &addition(name, on_hand)).await;
        assert_eq!(response.status, 201, "{response:?}");
        response.json::<Product>().unwrap().sku
    }

    pub(crate) async fn find(&self, sku: &Sku) -> Product {
        self.get(&format!("/v1/products/{sku}")).await.json().unwrap()
    }

    /// How many pieces are on hand, and how many of them are set aside.
    pub(crate) async fn stock(&self, sku: &Sku) -> (i64, i64) {
        let product = self.find(sku).await;
        (product.on_hand.get(), product.reserved.get())
    }

    /// Alters a product; whoever asks may have seen a version.
    pub(crate) async fn alter(&self, sku: &Sku, seen: Option<u64>, body: &Value) -> Response {
        let mut call = Call::patch(self.url(&format!("/v1/products/{sku}"))).json(body).unwrap();
        if let Some(seen) = seen {
            let tag = HeaderValue::from_str(&format!("\"{seen}\"")).unwrap();
            call = call.header(HeaderName::from_static("if-match"), tag);
        }
        self.send(call).await
    }

    pub(crate) async fn restock(&self, sku: &Sku, quantity: i64) -> Response {
        self.post(&format!("/v1/products/{sku}/restock"), &json!({"quantity": quantity})).await
    }

    /// Has an order ask, and returns the answer.
    pub(crate) async fn ask(&self, command: &Command) -> Reply {
        let response = self.send(self.call(command)).await;
        assert_eq!(response.status, 200, "{response:?}");
        response.json().unwrap()
    }

    fn call(&self, command: &Command) -> Call {
        let (method, order, rest) = match command {
            Command::ReserveStock { order_id, .. } => (Method::PUT, order_id, ""),
            Command::ReleaseStock { order_id, .. } => (Method::DELETE, order_id, ""),
            Command::TakeStockOut { order_id, .. } => (Method::POST, order_id, "/departure"),
        };
        let url = self.url(&format!("/internal/reservations/{order}{rest}"));
        Call::new(method, url).json(command).unwrap()
    }
}

pub(crate) fn addition(sku: &str, on_hand: i64) -> Value {
    json!({
        "sku": sku,
        "name": "Green tea, 100 g",
        "unit_price": {"amount": 499, "currency": "EUR"},
        "on_hand": on_hand,
    })
}

pub(crate) fn eur(amount: i64) -> Money {
    Money::new(amount, contracts::Currency::EUR).unwrap()
}

pub(crate) fn sku(text: &str) -> Sku {
    text.parse().unwrap()
}

pub(crate) fn order(number: u128) -> OrderId {
    OrderId::new(Uuid::from_u128(number))
}

pub(crate) fn lines<const N: usize>(lines: [(&Sku, i64); N]) -> Vec<Line> {
    let line =
        |(sku, quantity): (&Sku, i64)| Line { sku: sku.clone(), quantity: Quantity::new(quantity).unwrap() };
    lines.map(line).into()
}

pub(crate) fn reserve(order_id: OrderId, lines: &[Line]) -> Command {
    Command::ReserveStock { order_id, lines: lines.to_vec() }
}

pub(crate) fn release(order_id: OrderId, lines: &[Line]) -> Command {
    Command::ReleaseStock { order_id, lines: lines.to_vec() }
}

pub(crate) fn take_out(order_id: OrderId, lines: &[Line]) -> Command {
    Command::TakeStockOut { order_id, lines: lines.to_vec() }
}

/// The status, and the code of the problem.
pub(crate) fn refusal(response: &Response) -> (u16, String) {
    let problem = response.problem().unwrap_or_else(|| panic!("not a problem: {response:?}"));
    assert_eq!(problem.status, response.status.as_u16());
    assert_eq!(response.headers["content-type"], "application/problem+json");
    (problem.status, problem.code)
}

/// The fields that the problem names, in alphabetical order.
pub(crate) fn wrong_fields(response: &Response) -> Vec<String> {
    let errors = response.problem().and_then(|problem| problem.errors).unwrap_or_default();
    let mut fields: Vec<_> = errors.into_iter().map(|error| error.field).collect();
    fields.sort();
    fields
}
