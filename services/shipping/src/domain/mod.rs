//! What a shipment is, and what may happen to it. Shipping alone arbitrates cancel against dispatch.
//!
//! ```text
//! REQUESTED ──> BOOKING ──> DISPATCHED
//!     │            └──────> REFUSED
//!     └──> CALLED_OFF
//! ```
//!
//! Nothing leads from BOOKING to CALLED_OFF: the carrier is being asked, and its acceptance is the pivot, so a call-off
//! waits for the answer.

use aggregate::Aggregate;
use contracts::{
    Address, Line, OrderId, Reference, Timestamp,
    shipping::{Event, Reply, ShipmentStatus},
};
use serde::{Deserialize, Serialize};

/// An order's goods on their way to the customer; found by the order's id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shipment {
    /// What was asked for; `None` until it is, and for ever if the call-off came first.
    pub request: Option<Request>,
    /// How far it has come.
    pub stage: Stage,
    /// Whether somebody wanted it called off while the carrier was being asked.
    pub call_off_awaited: bool,
}

/// What is to be carried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// What the client calls the order.
    pub reference: Option<Reference>,
    /// Where to.
    pub address: Address,
    /// What.
    pub lines: Vec<Line>,
}

/// How far a shipment has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Nobody has said anything about it.
    #[default]
    Unknown,
    /// The carrier was not asked yet.
    Requested,
    /// The carrier is being asked.
    Booking,
    /// The carrier has it: final.
    Dispatched(Dispatch),
    /// It was called off before the carrier was asked: final, and a tombstone where nothing was requested.
    CalledOff,
    /// The carrier refused for good: final.
    Refused,
}

/// The carrier's acceptance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispatch {
    /// Who carries it.
    pub carrier: String,
    /// Under which number.
    pub tracking_number: String,
    /// When it was accepted.
    pub at: Timestamp,
}

/// What can be asked of a shipment, or told about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Have the goods carried to the customer.
    Request(Request),
    /// The carrier is about to be asked. It is asked again, under the same key, until it answers.
    StartBooking,
    /// The carrier accepted.
    Accept(Dispatch),
    /// The carrier refused for good.
    Refuse,
    /// Do not ship, if that is still possible.
    CallOff,
}

impl Command {
    /// What it is called where commands are listed.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Request(_) => "request",
            Self::StartBooking => "start_booking",
            Self::Accept(_) => "accept",
            Self::Refuse => "refuse",
            Self::CallOff => "call_off",
        }
    }
}

/// Why a command on a shipment is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The call-off came too late.
    #[error("the carrier has it already")]
    AlreadyDispatched(Dispatch),
    /// The request, or the booking, came after the call-off.
    #[error("it was called off")]
    CalledOff,
    /// There is nothing to book.
    #[error("no shipment was requested")]
    NotRequested,
    /// The carrier answered a question that was not put.
    #[error("the carrier was not asked")]
    NotBooking,
}

impl Refusal {
    /// The code by which programs know the refusal.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AlreadyDispatched(_) => "ALREADY_DISPATCHED",
            Self::CalledOff => "CALLED_OFF",
            Self::NotRequested => "NOT_REQUESTED",
            Self::NotBooking => "NOT_BOOKING",
        }
    }
}

impl Aggregate for Shipment {
    const NAME: &'static str = "shipment";
    type Id = OrderId;
    type Scope = ();
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: &Command) -> Result<Vec<Event>, Refusal> {
        use Stage::{Booking, CalledOff, Dispatched, Refused, Requested, Unknown};
        match (command, &self.stage) {
            (Command::Request(_), _) if self.request.is_some() => Ok(vec![]),
            (Command::Request(_), CalledOff) => Err(Refusal::CalledOff), // the undo has overtaken the request
            (Command::Request(request), _) => Ok(vec![requested(request)]),

            (Command::StartBooking, Unknown) => Err(Refusal::NotRequested),
            (Command::StartBooking, CalledOff) => Err(Refusal::CalledOff),
            (Command::StartBooking, Requested) => Ok(vec![Event::BookingStarted]),
            (Command::StartBooking, Booking | Dispatched(_) | Refused) => Ok(vec![]),

            (Command::Accept(_) | Command::Refuse, Unknown | Requested | CalledOff) => {
                Err(Refusal::NotBooking)
            }
            (Command::Accept(dispatch), Booking) => Ok(vec![dispatched(dispatch)]),
            (Command::Refuse, Booking) => Ok(vec![Event::Refused]),
            // The carrier's first answer is the one that holds.
            (Command::Accept(_) | Command::Refuse, Dispatched(_) | Refused) => Ok(vec![]),

            (Command::CallOff, Unknown | Requested) => Ok(vec![Event::CalledOff]),
            (Command::CallOff, Booking) if self.call_off_awaited => Ok(vec![]),
            (Command::CallOff, Booking) => Ok(vec![Event::CallOffAwaited]),
            (Command::CallOff, Dispatched(dispatch)) => Err(Refusal::AlreadyDispatched(dispatch.clone())),
            (Command::CallOff, CalledOff | Refused) => Ok(vec![]),
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::Requested { reference, address, lines } => {
                let (reference, address, lines) = (reference.clone(), address.clone(), lines.clone());
                self.request = Some(Request { reference, address, lines });
                self.stage = Stage::Requested;
            }
            Event::BookingStarted => self.stage = Stage::Booking,
            Event::CallOffAwaited => self.call_off_awaited = true,
            Event::Dispatched { carrier, tracking_number, at } => {
                let (carrier, tracking_number) = (carrier.clone(), tracking_number.clone());
                self.stage = Stage::Dispatched(Dispatch { carrier, tracking_number, at: *at });
            }
            Event::Refused => self.stage = Stage::Refused,
            Event::CalledOff => self.stage = Stage::CalledOff,
        }
    }
}

impl Shipment {
    /// What clients see of how far it has come; `None` while nothing is known of it.
    #[must_use]
    pub const fn status(&self) -> Option<ShipmentStatus> {
        match self.stage {
            Stage::Unknown => None,
            Stage::Requested => Some(ShipmentStatus::Requested),
            Stage::Booking => Some(ShipmentStatus::Booking),
            Stage::Dispatched(_) => Some(ShipmentStatus::Dispatched),
            Stage::CalledOff => Some(ShipmentStatus::CalledOff),
            Stage::Refused => Some(ShipmentStatus::Refused),
        }
    }

    /// What shipping answers to the request; `None` while that is open. Once there is an answer, it stays the answer.
    #[must_use]
    pub fn reply_to_request(&self) -> Option<Reply> {
        match &self.stage {
            Stage::Unknown | Stage::Requested | Stage::Booking => None,
            Stage::Dispatched(dispatch) => Some(dispatch.into()),
            Stage::Refused => Some(Reply::CarrierRefused),
            Stage::CalledOff => Some(Reply::CalledOff),
        }
    }

    /// What shipping answers to a call-off; `None` while that is open. Once there is an answer, it stays the answer.
    #[must_use]
    pub fn reply_to_call_off(&self) -> Option<Reply> {
        match &self.stage {
            Stage::Unknown | Stage::Requested | Stage::Booking => None,
            Stage::Dispatched(dispatch) => Some(dispatch.into()),
            // Nothing was shipped and nothing will be, which is all that the call-off wanted.
            Stage::Refused | Stage::CalledOff => Some(Reply::CalledOff),
        }
    }
}

impl From<&Dispatch> for Reply {
    fn from(dispatch: &Dispatch) -> Self {
        let Dispatch { carrier, tracking_number, at: _ } = dispatch.clone();
        Self::Dispatched { carrier, tracking_number }
    }
}

fn requested(request: &Request) -> Event {
    let Request { reference, address, lines } = request.clone();
    Event::Requested { reference, address, lines }
}

fn dispatched(dispatch: &Dispatch) -> Event {
    let Dispatch { carrier, tracking_number, at } = dispatch.clone();
    Event::Dispatched { carrier, tracking_number, at }
}

#[cfg(test)]
mod tests;
