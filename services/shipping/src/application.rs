//! What shipping does, each in the caller's transaction.

use std::time::Duration;

use aggregate::{AnyRepository, Failure, Versioned};
use contracts::{
    OrderId, Timestamp,
    outside::carrier::Booking,
    shipping::{Command, Reply},
};
use database::Transaction;
use journal::Cause;
use saga::tasks::{self, Task, Wake};

use crate::domain::{self, Dispatch, Refusal, Request, Shipment, Stage};

/// The task of having the carrier book a shipment, one per order.
pub const BOOK: &str = "book";

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is against the rules.
    #[error(transparent)]
    Refused(Refusal),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] database::Error),
}

impl From<Failure<Refusal, database::Error>> for Error {
    fn from(failure: Failure<Refusal, database::Error>) -> Self {
        match failure {
            Failure::Refused(refusal) => Self::Refused(refusal),
            Failure::Store(error) => Self::Store(error),
        }
    }
}

/// What the carrier answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CarrierAnswer {
    /// It has the goods.
    Accepted(Booking),
    /// It will not take them, for good.
    Refused,
}

/// Where shipments are kept, whatever keeps them.
pub type Shipments = AnyRepository<Shipment, Transaction, database::Error>;

/// What shipments are asked, wherever they are kept.
#[derive(Clone, Debug)]
pub struct Application {
    shipments: Shipments,
    book: Wake,
}

impl Application {
    /// `book` wakes the worker that does the tasks [`BOOK`].
    pub const fn new(shipments: Shipments, book: Wake) -> Self {
        Self { shipments, book }
    }

    /// Does what an order asks, and answers it; `None` means that the answer comes late. A command repeated is
    /// answered as the state is by now.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn handle(
        &self,
        tx: &mut Transaction,
        command: &Command,
        cause: &Cause,
    ) -> Result<Option<Reply>, Error> {
        match command {
            Command::RequestShipment { order_id, reference, address, lines } => {
                let (reference, address, lines) = (reference.clone(), address.clone(), lines.clone());
                self.request(tx, *order_id, Request { reference, address, lines }, cause).await
            }
            Command::CallOff { order_id } => self.call_off(tx, *order_id).await,
        }
    }

    async fn request(
        &self,
        tx: &mut Transaction,
        order_id: OrderId,
        request: Request,
        cause: &Cause,
    ) -> Result<Option<Reply>, Error> {
        match self.execute(tx, order_id, &domain::Command::Request(request)).await {
            Ok(shipment) => {
                // Before the carrier is asked the task can be written again as it is.
                if shipment.state.stage == Stage::Requested {
                    let task = Task::new(BOOK, order_id.uuid(), BOOK, cause.to_payload());
                    tasks::schedule(tx, &task, Duration::ZERO, &self.book).await?;
                }
                Ok(shipment.state.reply_to_request())
            }
            Err(Error::Refused(Refusal::CalledOff)) => Ok(Some(Reply::CalledOff)),
            Err(error) => Err(error),
        }
    }

    async fn call_off(&self, tx: &mut Transaction, order_id: OrderId) -> Result<Option<Reply>, Error> {
        match self.execute(tx, order_id, &domain::Command::CallOff).await {
            Ok(shipment) => {
                if shipment.state.stage == Stage::CalledOff {
                    tasks::cancel(tx, BOOK, order_id.uuid(), BOOK).await?;
                }
                Ok(shipment.state.reply_to_call_off())
            }
            Err(Error::Refused(Refusal::AlreadyDispatched(dispatch))) => Ok(Some((&dispatch).into())),
            Err(error) => Err(error),
        }
    }

    /// What the carrier is to be asked for, now or again; `None` if there is nothing to ask for any more. From the
    /// commit of this on, a call-off waits for the carrier's answer.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn start_booking(
        &self,
        tx: &mut Transaction,
        order_id: OrderId,
    ) -> Result<Option<Request>, Error> {
        match self.execute(tx, order_id, &domain::Command::StartBooking).await {
            Ok(shipment) if shipment.state.stage == Stage::Booking => return Ok(shipment.state.request),
            Ok(_) | Err(Error::Refused(_)) => {}
            Err(error) => return Err(error),
        }
        tasks::cancel(tx, BOOK, order_id.uuid(), BOOK).await?;
        Ok(None)
    }

    /// Takes in what the carrier answered, and returns what those are to be told who wait for it, in order: the one
    /// who requested the shipment, and the one who wanted it called off meanwhile. Nothing, if the carrier had
    /// answered before.
    ///
    /// # Errors
    /// If the store fails, or the carrier was never asked.
    pub async fn record(
        &self,
        tx: &mut Transaction,
        order_id: OrderId,
        answer: &CarrierAnswer,
    ) -> Result<Vec<Reply>, Error> {
        let command = match answer {
            CarrierAnswer::Accepted(booking) => domain::Command::Accept(Dispatch {
                carrier: booking.carrier.clone(),
                tracking_number: booking.tracking_number.clone(),
                at: Timestamp::from_micros(tx.now()),
            }),
            CarrierAnswer::Refused => domain::Command::Refuse,
        };
        let shipment = self.execute(tx, order_id, &command).await?.state;
        // The task is there until the first answer; it is struck out with it.
        let first = tasks::cancel(tx, BOOK, order_id.uuid(), BOOK).await?;
        Ok(if first { late_replies(&shipment) } else { vec![] })
    }

    async fn execute(
        &self,
        tx: &mut Transaction,
        order_id: OrderId,
        command: &domain::Command,
    ) -> Result<Versioned<Shipment>, Error> {
        Ok(journal::execute(&self.shipments, tx, &order_id, &(), command, command.name()).await?)
    }
}

/// What those are told who waited for the carrier's answer. An acceptance answers both questions at once.
fn late_replies(shipment: &Shipment) -> Vec<Reply> {
    let to_call_off = shipment.call_off_awaited.then(|| shipment.reply_to_call_off()).flatten();
    let mut replies: Vec<_> = shipment.reply_to_request().into_iter().chain(to_call_off).collect();
    replies.dedup();
    replies
}
