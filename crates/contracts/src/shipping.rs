//! The language of the shipping service: how an order's goods reach their customer.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Address, Line, OrderId, Reference, Route, Timestamp,
    route::{self, route},
};

/// What an order asks of shipping. The reply to each is a [`Reply`], which may come much later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Have the goods carried to the customer.
    RequestShipment {
        /// For which order.
        order_id: OrderId,
        /// What the client calls the order; printed on the label.
        reference: Option<Reference>,
        /// Where to.
        address: Address,
        /// What.
        lines: Vec<Line>,
    },
    /// Do not ship, if that is still possible; refuse a request that comes later.
    CallOff {
        /// For which order.
        order_id: OrderId,
    },
}

impl route::Command for Command {
    const ROUTES: &'static [Route] = &[REQUEST, CALL_OFF];

    fn order_id(&self) -> OrderId {
        match self {
            Self::RequestShipment { order_id, .. } | Self::CallOff { order_id } => *order_id,
        }
    }

    fn route(&self) -> Route {
        match self {
            Self::RequestShipment { .. } => REQUEST,
            Self::CallOff { .. } => CALL_OFF,
        }
    }
}

const REQUEST: Route = route!(PUT "/internal/shipments/{order_id}");
const CALL_OFF: Route = route!(DELETE "/internal/shipments/{order_id}");

/// What the shipping service answers to a [`Command`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum Reply {
    /// The carrier has the goods; there is no way back. Answers a call-off too, when it came too late.
    Dispatched {
        /// Who carries them.
        carrier: String,
        /// Under which number.
        tracking_number: String,
    },
    /// The carrier refused for good.
    CarrierRefused,
    /// Nothing was shipped, and nothing will be.
    CalledOff,
}

/// Where a shipment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ShipmentStatus {
    /// It is known, and the carrier was not asked yet.
    Requested,
    /// The carrier is being asked; the answer decides.
    Booking,
    /// The carrier has it.
    Dispatched,
    /// It was called off before the carrier was asked.
    CalledOff,
    /// The carrier refused for good.
    Refused,
}

/// What happened to a shipment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// An order's goods are to be shipped.
    Requested {
        /// What the client calls the order.
        reference: Option<Reference>,
        /// Where to.
        address: Address,
        /// What.
        lines: Vec<Line>,
    },
    /// The carrier is about to be asked: from here a call-off has to wait for the answer.
    BookingStarted,
    /// Somebody wants it called off while the carrier is being asked.
    CallOffAwaited,
    /// The carrier accepted.
    Dispatched {
        /// Who carries it.
        carrier: String,
        /// Under which number.
        tracking_number: String,
        /// When.
        at: Timestamp,
    },
    /// The carrier refused for good.
    Refused,
    /// It was called off before the carrier was asked, or before it was requested at all.
    CalledOff,
}

/// A shipment, as clients see one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Shipment {
    /// The order that it belongs to, and its own id.
    pub order_id: OrderId,
    /// Where it stands.
    pub status: ShipmentStatus,
    /// Where it goes; null if it was called off before it was requested.
    pub address: Option<Address>,
    /// What it is made of.
    pub lines: Vec<Line>,
    /// Who carries it, once somebody does.
    pub carrier: Option<String>,
    /// Under which number.
    pub tracking_number: Option<String>,
    /// When the carrier took it.
    pub dispatched_at: Option<Timestamp>,
    /// How many events made this state.
    pub version: u64,
}
