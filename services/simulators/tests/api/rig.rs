//! Boots the simulators over an in-memory network, and asks them.

use std::{net::Ipv4Addr, path::Path, time::Duration};

use axum::http::{HeaderName, HeaderValue};
use chassis::service::Running;
use chassis::{
    client::{Call, Error, HttpClient, Options, Response},
    limits::Limits,
    platform::Platform,
    telemetry::LogHandle,
};
use contracts::{
    outside::simulators::{Behaviour, ChangeSettings, Entry, Simulator},
    page::Page,
};
use database::Clock;
use serde_json::{Value, json};
use simulators::{App, Config};
use tempfile::TempDir;

/// Longer than any test takes.
const PATIENCE: Duration = Duration::from_secs(3600);

/// Running simulators, and a client of theirs.
pub(crate) struct Rig {
    pub(crate) app: Running,
    pub(crate) client: HttpClient,
    pub(crate) url: String,
    pub(crate) admin: String,
}

/// Simulators in a directory of their own, which lives as long as the second part.
pub(crate) fn simulators() -> (Rig, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    (boot(directory.path()), directory)
}

/// Simulators over what is in this directory.
pub(crate) fn boot(data_dir: &Path) -> Rig {
    boot_on(&Platform::simulated(1, Clock::system()), data_dir)
}

pub(crate) fn boot_on(platform: &Platform, data_dir: &Path) -> Rig {
    let any_port = (Ipv4Addr::LOCALHOST, 0).into();
    let config = Config {
        style: "all".into(),
        listen: any_port,
        database: data_dir.join("simulators.db"),
        limits: Limits::default(),
    };
    let mut app = App::build(&config, platform).unwrap();
    let admin = format!("http://{}", app.serve_admin(any_port, LogHandle::detached()).unwrap());
    let url = format!("http://{}", app.address());
    let options = Options { timeout: PATIENCE, ..Options::default() };
    Rig { app, client: HttpClient::new(platform, options), url, admin }
}

impl Rig {
    /// Asks a system; the answer's status and body.
    pub(crate) async fn ask(&self, path: &str, key: &str, body: &Value) -> (u16, Value) {
        read(&self.client.send(self.call(path, key, body)).await.unwrap())
    }

    /// The call that [`ask`](Self::ask) makes.
    pub(crate) fn call(&self, path: &str, key: &str, body: &Value) -> Call {
        let key = HeaderValue::from_str(key).unwrap();
        let call =
            Call::post(format!("{}{path}", self.url)).header(HeaderName::from_static("idempotency-key"), key);
        call.json(body).unwrap()
    }

    /// Asks in the background.
    pub(crate) fn begin(
        &self,
        path: &str,
        key: &str,
        body: &Value,
    ) -> tokio::task::JoinHandle<Result<Response, Error>> {
        let (client, call) = (self.client.clone(), self.call(path, key, body));
        tokio::spawn(async move { client.send(call).await })
    }

    /// Charges an order of this reference.
    pub(crate) async fn charge(&self, reference: &str, key: &str) -> (u16, Value) {
        self.ask("/v1/charges", key, &charge(reference)).await
    }

    /// Books the parcel of an order of this reference.
    pub(crate) async fn book(&self, reference: &str, key: &str) -> (u16, Value) {
        self.ask("/v1/bookings", key, &booking(reference)).await
    }

    /// What a path of either port answers.
    pub(crate) async fn get(&self, url: &str) -> (u16, Value) {
        read(&self.client.send(Call::get(url)).await.unwrap())
    }

    /// Changes what a simulator is set to.
    pub(crate) async fn set(&self, system: &str, change: &Value) -> (u16, Value) {
        let call = Call::put(format!("{}/simulators/{system}", self.admin)).json(change).unwrap();
        read(&self.client.send(call).await.unwrap())
    }

    /// Gives a reference a script.
    pub(crate) async fn script(&self, system: &str, reference: &str, behaviour: Behaviour) {
        let reference = reference.parse().unwrap();
        let change =
            ChangeSettings { scripts: [(reference, Some(behaviour))].into(), ..ChangeSettings::default() };
        let (status, body) = self.set(system, &json!(change)).await;
        assert_eq!(status, 200, "{body}");
    }

    /// A simulator as it is now.
    pub(crate) async fn show(&self, system: &str) -> Simulator {
        let (status, body) = self.get(&format!("{}/simulators/{system}", self.admin)).await;
        assert_eq!(status, 200, "{body}");
        serde_json::from_value(body).unwrap()
    }

    /// The first page of a ledger.
    pub(crate) async fn ledger(&self, system: &str) -> Vec<Entry> {
        self.ledger_page(system, "").await.items
    }

    pub(crate) async fn ledger_page(&self, system: &str, query: &str) -> Page<Entry> {
        let (status, body) = self.get(&format!("{}/simulators/{system}/ledger{query}", self.admin)).await;
        assert_eq!(status, 200, "{body}");
        serde_json::from_value(body).unwrap()
    }

    /// Waits until so many requests are held.
    pub(crate) async fn until_held(&self, system: &str, count: usize) {
        while self.show(system).await.held.len() != count {
            tokio::task::yield_now().await;
        }
    }
}

/// The status and the body, JSON or nothing.
pub(crate) fn read(response: &Response) -> (u16, Value) {
    (response.status.as_u16(), response.json().unwrap_or_default())
}

/// What billing asks.
pub(crate) fn charge(reference: &str) -> Value {
    json!({ "amount": 1299, "currency": "EUR", "reference": reference, "metadata": metadata() })
}

/// What shipping asks.
pub(crate) fn booking(reference: &str) -> Value {
    let address = json!({ "line1": "12 St James's Square", "postal_code": "SW1Y 4JH", "city": "London", "country": "GB" });
    let lines = json!([{ "sku": "TEA-100", "quantity": 2 }]);
    json!({ "reference": reference, "address": address, "lines": lines, "metadata": metadata() })
}

/// What billing has mailed.
pub(crate) fn message(reference: &str) -> Value {
    json!({
        "to": "ada@example.org",
        "subject": "Your invoice",
        "text": "12.99 EUR",
        "reference": reference,
        "metadata": metadata(),
    })
}

/// The order that all of it is about.
pub(crate) const ORDER: &str = "0198c5f0-3a6e-7c61-8f6e-2f3d1c9b7a10";

fn metadata() -> Value {
    json!({ "order_id": ORDER })
}
