//! The carrier: a system outside, asked under the order's own key until it answers.

use std::time::Duration;

use chassis::{
    client::{self, Call, HttpClient},
    context::Context,
};
use contracts::{
    OrderId,
    outside::{
        Metadata,
        carrier::{BOOKING_REFUSED, CreateBooking},
    },
};
use journal::Entry;

use crate::{application::CarrierAnswer, domain::Request};

/// Asks the carrier.
#[derive(Clone, Debug)]
pub struct Carrier {
    client: HttpClient,
    bookings: String,
    timeout: Duration,
}

/// Why it is not known what the carrier did. Asking again under the same key will tell.
#[derive(Debug, thiserror::Error)]
pub enum Unknown {
    /// There is no answer.
    #[error("asking the carrier")]
    NoAnswer(#[from] client::Error),
    /// The answer is neither yes nor no.
    #[error("the carrier answered {status} {code}")]
    Unclear {
        /// The status.
        status: u16,
        /// The code of the problem, if it was one.
        code: String,
    },
}

impl Unknown {
    /// In words that may be told to anybody: without the carrier's address, and without what it wrote.
    #[must_use]
    pub fn told(&self) -> String {
        match self {
            Self::NoAnswer(error) => format!("the carrier did not answer: {}", error.kind()),
            Self::Unclear { status, .. } => format!("the carrier answered {status}"),
        }
    }
}

impl Carrier {
    /// The carrier at `url`, which is given `timeout` for each answer.
    #[must_use]
    pub fn new(client: HttpClient, url: &str, timeout: Duration) -> Self {
        Self { client, bookings: format!("{}/v1/bookings", url.trim_end_matches('/')), timeout }
    }

    /// Has it carry the goods, which it does once however often it is asked. The call is added to `calls`.
    ///
    /// # Errors
    /// If it is not known whether it does.
    pub async fn book(
        &self,
        order_id: OrderId,
        request: Request,
        context: Context,
        calls: &mut Vec<Entry>,
    ) -> Result<CarrierAnswer, Unknown> {
        let Request { reference, address, lines } = request;
        let body = CreateBooking { reference, address, lines, metadata: Metadata { order_id } };
        let context = context.with_idempotency_key(Some(order_id.to_string()));
        let call = Call::post(&self.bookings)
            .to("carrier")
            .for_context(&context)
            .within(self.timeout)
            .json(&body)?;
        let (answer, noted) = self.client.send_noted(call, "POST /v1/bookings").await;
        calls.push(noted);
        let answer = answer?;
        if answer.is_success() {
            return Ok(CarrierAnswer::Accepted(answer.json()?));
        }
        let code = answer.problem().map(|problem| problem.code).unwrap_or_default();
        if code == BOOKING_REFUSED {
            return Ok(CarrierAnswer::Refused);
        }
        Err(Unknown::Unclear { status: answer.status.as_u16(), code })
    }
}
