//! The language of the carrier.

use serde::{Deserialize, Serialize};

use super::Metadata;
use crate::{Address, Line, Reference, Timestamp};

/// The code of the problem, a 422, by which the carrier refuses a booking for good.
pub const BOOKING_REFUSED: &str = "BOOKING_REFUSED";

/// `POST /v1/bookings`: carry these goods. The answer is 201 with a [`Booking`], or the problem [`BOOKING_REFUSED`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateBooking {
    /// What the client calls the order; printed on the label.
    pub reference: Option<Reference>,
    /// Where to.
    pub address: Address,
    /// What.
    pub lines: Vec<Line>,
    /// What it is about.
    pub metadata: Metadata,
}

/// The carrier has the goods.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booking {
    /// The carrier's name of it.
    pub booking_id: String,
    /// Who carries them.
    pub carrier: String,
    /// Under which number the customer can follow them.
    pub tracking_number: String,
    /// When the carrier took them.
    pub booked_at: Timestamp,
}
