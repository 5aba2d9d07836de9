//! A running ordering service, and a client of it.

use std::{
    future::poll_fn,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use axum::http::{HeaderName, HeaderValue};
use chassis::service::Running;
use chassis::{
    client::{self, Call, HttpClient, Response},
    platform::Platform,
    telemetry::LogHandle,
};
use contracts::{
    Style,
    ordering::{Order, OrderStatus},
};
use messaging::embedded::{self, Embedded};
use ordering::{App, Config};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Peers, clock, until};

pub(crate) const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Who orders.
pub(crate) const CUSTOMER: &str = "0198c5f0-3a6e-7c61-8f6e-2f3d1c9b7a10";

/// An ordering service in one style, its data, its participants, and a client of it.
pub(crate) struct World {
    pub(crate) style: Style,
    pub(crate) platform: Platform,
    pub(crate) config: Config,
    pub(crate) peers: Peers,
    pub(crate) client: HttpClient,
    directory: TempDir,
    app: Option<Running>,
    admin: String,
}

impl World {
    /// On a network and a clock of its own, on the caller's thread.
    pub(crate) async fn start(style: Style) -> Self {
        Self::start_on(style, Platform::simulated(1, clock())).await
    }

    pub(crate) async fn start_on(style: Style, platform: Platform) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let address = platform.network.reserve(ANY_PORT).unwrap();
        let peers = match style {
            Style::Rest => Peers::of_rest(&platform, address),
            Style::Messaging => {
                let file = directory.path().join("broker.db");
                Peers::of_messaging(&platform, Arc::new(broker(&platform, file).await))
            }
        };
        let database = directory.path().join("ordering.db");
        let config = Config { listen: address, database, ..Config::new(peers.reach()) };
        let options = client::Options { timeout: Duration::from_secs(3600), ..client::Options::default() };
        let client = HttpClient::new(&platform, options);
        let (app, admin) = (None, String::new());
        let mut world = Self { style, platform, config, peers, client, directory, app, admin };
        world.restart();
        world
    }

    /// Starts the service on the data that it left behind.
    pub(crate) fn restart(&mut self) {
        assert!(self.directory.path().exists());
        let mut app = App::build(&self.config, &self.platform).unwrap();
        self.admin = format!("http://{}", app.serve_admin(ANY_PORT, LogHandle::detached()).unwrap());
        self.app = Some(app);
    }

    /// Ends the service as a crash would: nothing is finished, nothing is said.
    pub(crate) async fn crash(&mut self) {
        self.crash_after(0).await;
    }

    /// The same, after every other task of this thread had so many turns.
    pub(crate) async fn crash_after(&mut self, turns: usize) {
        let app = self.app.take();
        // Tokio's own yield lets many turns pass, and the test's own future is polled only now and then.
        let ending = tokio::spawn(async move {
            for _ in 0..turns {
                let mut yielded = false;
                poll_fn(|context| {
                    context.waker().wake_by_ref();
                    if std::mem::replace(&mut yielded, true) { Poll::Ready(()) } else { Poll::Pending }
                })
                .await;
            }
            drop(app);
        });
        ending.await.unwrap();
        let (network, address) = (self.platform.network.clone(), self.config.listen);
        until("the port is free", async || network.listen(address).ok().map(drop)).await;
    }

    /// Stops the service as it wants to be stopped.
    pub(crate) async fn stop(&mut self) {
        let stopped = self.app.take().unwrap().run_until(std::future::ready(())).await;
        assert!(stopped.is_clean(), "{stopped:?}");
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.config.listen)
    }

    pub(crate) async fn send(&self, call: Call) -> Response {
        self.client.send(call).await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.send(Call::get(self.url(path))).await
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Call {
        Call::post(self.url(path)).json(body).unwrap()
    }

    pub(crate) fn admin_url(&self, path: &str) -> String {
        format!("{}{path}", self.admin)
    }

    /// What the admin port says.
    pub(crate) async fn admin(&self, path: &str) -> Value {
        let response = self.send(Call::get(self.admin_url(path))).await;
        assert!(response.is_success(), "{response:?}");
        response.json().unwrap()
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

    /// The order once nothing is to be done about it any more, and what came of it.
    pub(crate) async fn until_at_rest(&self, order: &Order) -> Order {
        until("nothing is to be done any more", async || {
            let pending = self.admin("/audit").await["pending"].clone();
            let none = pending.as_object().unwrap().values().all(|count| *count == 0);
            none.then_some(())
        })
        .await;
        self.show(order).await
    }

    /// What the saga of an order has written down: each step and what became of it.
    pub(crate) async fn log(&self, order: &Order) -> Vec<(String, String)> {
        let saga = self.admin(&format!("/sagas/{}", order.id)).await;
        let text = |entry: &Value, field: &str| entry[field].as_str().unwrap().to_owned();
        saga["log"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| (text(entry, "step"), text(entry, "entry")))
            .collect()
    }
}

async fn broker(platform: &Platform, file: PathBuf) -> Embedded {
    let Platform { clock, executor, .. } = platform.clone();
    let database = database::Options { clock, executor, ..database::Options::default() };
    Embedded::open(&file, embedded::Options { database, ..embedded::Options::default() }).await.unwrap()
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
