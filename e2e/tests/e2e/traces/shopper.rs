//! A client whose orders each come in a trace of its own, and what it is like for them outside.

use chassis::client::Call;
use contracts::{
    Style,
    ordering::Order,
    outside::simulators::{ChangeFaults, ChangeSettings},
};

use crate::{
    client::Client,
    process::Process,
    shop::{offer, register},
    story::{Step, Story},
};

/// The client's own span, below which everything else is.
pub(super) const CLIENT_SPAN: &str = "00f067aa0ba902b7";

/// A trace of the client's for each number.
pub(super) fn trace_id(number: usize) -> String {
    format!("4bf92f3577b34da6a3ce929d{number:08x}")
}

pub(super) fn traceparent(number: usize) -> String {
    format!("00-{}-{CLIENT_SPAN}-01", trace_id(number))
}

/// What has a process send spans to `endpoint`, soon after they have ended.
pub(super) fn to(endpoint: String, protocol: &str) -> Vec<(&'static str, String)> {
    vec![
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol.to_owned()),
        ("OTEL_BSP_SCHEDULE_DELAY", "20".to_owned()),
    ]
}

/// A client that orders tea, one after the other.
pub(super) struct Shopper {
    client: Client,
    style: Style,
    pub(super) customer: String,
}

impl Shopper {
    pub(super) async fn new(client: &Client, style: Style) -> Self {
        let customer = register(client, style, "ludwig", 1_000_000).await;
        offer(client, style, "TEA", 1000).await;
        Self { client: client.clone(), style, customer }
    }

    /// Does these things in the client's trace of this number.
    pub(super) async fn begin(&self, number: usize, steps: &[Step]) -> Story {
        let name = format!("{}-{number}", self.style);
        let mut story = Story::new(&name, self.style, &self.customer, "TEA", steps);
        story.go_on(&self.client.within(&traceparent(number))).await.unwrap();
        story
    }

    pub(super) async fn order(&self, number: usize) -> Order {
        self.begin(number, &[Step::Create { place: true }]).await.end(&self.client).await
    }
}

pub(super) fn down(down: bool) -> ChangeSettings {
    let faults = ChangeFaults { down: Some(down), ..ChangeFaults::default() };
    ChangeSettings { faults, ..ChangeSettings::default() }
}

/// Tells the carrier how to behave.
pub(super) async fn carrier(client: &Client, process: &Process, style: Style, change: &ChangeSettings) {
    let url = format!("{}/{style}/simulators/simulators/carrier", process.admin());
    let answer = client.http().send(Call::put(url).json(change).unwrap()).await.unwrap();
    assert!(answer.is_success(), "{answer:?}");
}
