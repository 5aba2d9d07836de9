//! What a load is made of.

use std::time::Duration;

use contracts::style::Style;
use serde::{Serialize, Serializer};

use super::{Learn, Mix};
use crate::remote::{AdminArgs, GatewayArgs};

/// What a load is made of.
#[derive(Clone, Debug, Serialize)]
pub struct Config {
    /// Where clients reach the system.
    #[serde(skip)]
    pub gateway: GatewayArgs,
    /// Where operators do, for kinds of orders of which the systems outside have to be told.
    #[serde(skip)]
    pub admin: AdminArgs,
    /// The style; `None` is the gateway's default one.
    pub style: Option<Style>,
    /// After so many orders it ends; `None` is never.
    pub orders: Option<u64>,
    /// After this time nothing more is sent; `None` is never.
    #[serde(rename = "duration_s", serialize_with = "optional_seconds")]
    pub duration: Option<Duration>,
    /// Clients, each with one order at a time; at least 1.
    pub clients: usize,
    /// Orders a second, whatever becomes of those before: an open loop. Above zero. `None` is a closed one, in which a client that
    /// is free sends its next.
    pub rate: Option<f64>,
    /// In an open loop an order that would be sent later than this is not sent.
    #[serde(rename = "backlog_s", serialize_with = "seconds")]
    pub backlog: Duration,
    /// So many orders are to end before anything is measured.
    pub warm_up: u64,
    /// What kinds of orders there are.
    pub mix: Mix,
    /// Products of an order, from 1 to 100.
    pub lines: usize,
    /// One customer and one order's products for all, instead of many.
    pub hot: bool,
    /// What chance depends on: the same seed sends the same orders.
    pub seed: u64,
    /// How outcomes are learned.
    pub learn: Learn,
    /// How long an order may take to its outcome, from when it should have been sent.
    #[serde(rename = "timeout_s", serialize_with = "seconds")]
    pub timeout: Duration,
}

/// A thousand orders of the default style on this machine, 64 at a time.
impl Default for Config {
    fn default() -> Self {
        Self {
            gateway: GatewayArgs::default(),
            admin: AdminArgs::default(),
            style: None,
            orders: Some(1000),
            duration: None,
            clients: 64,
            rate: None,
            backlog: Duration::from_secs(10),
            warm_up: 100,
            mix: Mix::default(),
            lines: 1,
            hot: false,
            seed: 0,
            learn: Learn::default(),
            timeout: Duration::from_secs(60),
        }
    }
}

fn seconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64())
}

fn optional_seconds<S: Serializer>(time: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    time.map(|time| time.as_secs_f64()).serialize(serializer)
}
