//! A system outside that fails: the circuit to it is open, orders wait, and all goes on once it is well. What `docs/mesh.md` shows.

use axum::http::HeaderValue;
use chassis::client::Call;
use contracts::{
    Style,
    ordering::OrderStatus,
    outside::simulators::{ChangeFaults, ChangeSettings},
};
use serde_json::Value;

use crate::{
    client::Client,
    patience::until,
    process::{Process, Up},
    shop,
    story::{Step, Story},
};

const STYLE: Style = Style::Rest;
/// Enough for five failures in a row, however long each order waits before it asks again.
const ORDERS: usize = 8;

struct Stage {
    _directory: tempfile::TempDir,
    process: Process,
    client: Client,
}

impl Stage {
    async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut process = Up::on(&directory.path().join("data")).start();
        let client = Client::new().of(process.gateway());
        process.ready(&client).await;
        Self { _directory: directory, process, client }
    }

    async fn get(&self, path: &str) -> Result<Value, String> {
        let answer = self.client.http().send(Call::get(format!("{}{path}", self.process.admin()))).await;
        answer.map_err(|error| error.to_string())?.json().map_err(|error| error.to_string())
    }

    async fn carrier_is_down(&self, down: bool) {
        let faults = ChangeFaults { down: Some(down), ..ChangeFaults::default() };
        let change = ChangeSettings { faults, ..ChangeSettings::default() };
        let url = format!("{}/{STYLE}/simulators/simulators/carrier", self.process.admin());
        let answer = self.client.http().send(Call::put(url).json(&change).unwrap()).await.unwrap();
        assert!(answer.is_success(), "{answer:?}");
    }

    /// Waits until `/mesh` shows the circuit to the carrier in this state.
    async fn until_the_circuit_is(&self, state: &str) -> Value {
        until(state, async || {
            let mesh = self.get("/mesh").await?;
            let breakers = mesh["breakers"].as_array().unwrap().iter();
            let mut to_the_carrier =
                breakers.filter(|it| it["name"] == "carrier" && it["style"] == STYLE.as_str());
            let found = to_the_carrier.find(|it| it["state"] == state);
            found.cloned().ok_or_else(|| mesh.to_string())
        })
        .await
    }

    /// Whether the metrics show the circuit to the carrier in this state.
    async fn metrics_show(&self, state: &str) {
        let text = HeaderValue::from_static("text/plain");
        until("the metric", async || {
            let call = Call::get(format!("{}/metrics", self.process.admin()));
            let call = call.header(axum::http::header::ACCEPT, text.clone());
            let shown = self.client.http().send(call).await.map_err(|error| error.to_string())?;
            let shown = String::from_utf8_lossy(&shown.body).into_owned();
            let wanted = [r#"name="carrier""#, &format!(r#"state="{state}""#), r#"style="rest""#];
            let is_it = |line: &&str| {
                line.starts_with("mesh_circuit_breaker_state{")
                    && wanted.iter().all(|label| line.contains(label))
            };
            shown.lines().find(is_it).map(drop).ok_or_else(|| "it is not shown".to_owned())
        })
        .await;
    }
}

#[tokio::test]
async fn while_the_carrier_fails_its_circuit_is_open_and_orders_wait_and_both_end_when_it_is_well() {
    let stage = Stage::start().await;
    let customer = shop::register(&stage.client, STYLE, "ada", 100_000_000).await;
    shop::offer(&stage.client, STYLE, "TEA", 1_000).await;

    stage.carrier_is_down(true).await;
    let mut waiting = Vec::new();
    for number in 0..ORDERS {
        let steps = [Step::Create { place: true }];
        let mut story = Story::new(&format!("waiting-{number}"), STYLE, &customer, "TEA", &steps);
        story.go_on(&stage.client).await.unwrap();
        waiting.push(story);
    }
    let open = stage.until_the_circuit_is("open").await;
    assert_eq!(open["service"], "shipping");
    assert!(["consecutive_failures", "probe_failed"].contains(&open["reason"].as_str().unwrap()), "{open}");
    stage.metrics_show("open").await;
    for story in &waiting {
        let path = format!("/{STYLE}/v1/orders/{}", story.order().unwrap());
        let order: contracts::ordering::Order = stage.client.get(&path).await.unwrap();
        assert_eq!(order.status, OrderStatus::Approved, "it waits for the carrier: {order:?}");
    }

    stage.carrier_is_down(false).await;
    for story in waiting {
        assert_eq!(story.end(&stage.client).await.status, OrderStatus::Completed);
    }
    let closed = stage.until_the_circuit_is("closed").await;
    assert_eq!(closed["reason"], "probes_succeeded");
    stage.metrics_show("closed").await;
}
