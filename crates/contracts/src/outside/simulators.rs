//! How the simulators are scripted and read, on their admin port.
//!
//! `PUT /simulators/{payment|carrier|mail}` takes [`ChangeSettings`] and answers the whole [`Simulator`], as `GET` does;
//! `GET /simulators/{…}/ledger?limit=&cursor=` answers a page of [`Entry`]. Settings and ledger survive a crash.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Money, OrderId, Reference, Timestamp};

/// How a simulator answers a request that it has not answered before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Behaviour {
    /// Do what is asked.
    #[default]
    Accept,
    /// Carrier only: refuse for good.
    Refuse,
    /// Payment only: decline hard.
    Decline,
    /// Payment only: decline softly.
    SoftDecline,
    /// Keep the request unanswered until the behaviour is another.
    Hold,
}

/// What a simulator is set to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// How requests without a script are answered.
    pub default: Behaviour,
    /// Which part of the requests without a script is refused (payment: declined hard); 0 to 1. Always 0 for mail.
    pub refuse_rate: f64,
    /// What goes wrong on the way.
    pub faults: Faults,
    /// What all chance depends on, together with each request's idempotency key.
    pub seed: u64,
}

/// What goes wrong on the way to a simulator and back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Faults {
    /// How long every request waits before it is done, in milliseconds; at most 60,000.
    pub latency_ms: u64,
    /// Up to how much longer, in milliseconds; at most 60,000.
    pub jitter_ms: u64,
    /// Which part of the requests fails with 500 before anything is done; 0 to 1.
    pub error_rate: f64,
    /// Of which part the answer is lost after everything was done, with 502; 0 to 1.
    pub drop_rate: f64,
    /// Whether nobody is there: every request is 503.
    pub down: bool,
}

/// `PUT /simulators/{…}`: what is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ChangeSettings {
    /// How requests without a script are answered from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Behaviour>,
    /// Which part of the requests without a script is refused; 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refuse_rate: Option<f64>,
    /// How requests of these references are answered from now on; null takes the script away.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub scripts: BTreeMap<Reference, Option<Behaviour>>,
    /// What goes wrong from now on.
    pub faults: ChangeFaults,
    /// What all chance depends on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
}

/// The part of [`ChangeSettings`] about faults; what is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ChangeFaults {
    /// How long every request waits before it is done, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<u64>,
    /// Up to how much longer, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jitter_ms: Option<u64>,
    /// Which part of the requests fails before anything is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_rate: Option<f64>,
    /// Of which part the answer is lost after everything was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drop_rate: Option<f64>,
    /// Whether nobody is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub down: Option<bool>,
}

/// A simulator as it is now.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Simulator {
    /// What it is set to.
    #[serde(flatten)]
    pub settings: Settings,
    /// The scripts: the thousand that were set last, if there are more.
    pub scripts: BTreeMap<Reference, Behaviour>,
    /// How many scripts there are.
    pub scripts_total: u64,
    /// The requests that wait for another behaviour at this moment.
    pub held: Vec<Held>,
}

/// A request that is kept unanswered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// What the client calls the order.
    pub reference: Option<Reference>,
    /// The order that it is about.
    pub order_id: OrderId,
    /// Its idempotency key.
    pub key: String,
}

/// One request that was answered for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Where in the ledger, from 1 without a gap.
    pub position: u64,
    /// The name that the answer gives it: of a charge, a booking or a message.
    pub id: String,
    /// Its idempotency key.
    pub key: String,
    /// What the client calls the order.
    pub reference: Option<Reference>,
    /// The order that it is about.
    pub order_id: OrderId,
    /// Payment only: how much.
    pub amount: Option<Money>,
    /// What was answered.
    pub result: Outcome,
    /// When.
    pub at: Timestamp,
}

/// What a simulator answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It was done: charged, booked, or taken for delivery.
    Accepted,
    /// Carrier only: refused for good.
    Refused,
    /// Payment only: declined hard.
    Declined,
    /// Payment only: declined softly.
    SoftDeclined,
}
