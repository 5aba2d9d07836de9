//! Every step of one order across the services: what clients see, and what the services tell the gateway for it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{OrderId, Timestamp, ordering::Warning};

/// Every step of one order across the services. It has the same shape in all styles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Timeline {
    /// The order.
    pub order_id: OrderId,
    /// The steps in causal order: each after what it was caused by, and after what its own service did before. Time only
    /// decides between steps that neither of them caused the other.
    pub entries: Vec<Entry>,
    /// What they add up to.
    pub totals: Totals,
    /// What could not be told, since a service did not answer.
    pub warnings: Vec<Warning>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Entry {
    /// Its id within the timeline, the same whenever it is asked for.
    pub id: String,
    /// When it happened, or began, by the clock of its service.
    pub at: Timestamp,
    /// Which service did it.
    #[schema(example = "customers")]
    pub service: String,
    /// What kind of step it is.
    pub kind: Kind,
    /// Which of its kind: the command, the event, the type of a message, the route of a call, the step of the saga, the task
    /// that is tried again.
    #[schema(example = "customer.credit_reserved")]
    pub name: String,
    /// With whom: who sent the message or gets it, who was called or called, `client` for who calls from outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// The step that it follows from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caused_by: Option<String>,
    /// How long it took, in microseconds: a call to its answer, a message from its outbox, and an
    /// event from when it happened, to its handler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took_us: Option<u64>,
    /// What became of it: `done`, `unchanged` or `refused` of a command; `sent` or `handled` of a message; `received`, the
    /// status or `no answer` of a call; what a step of the saga came to; the status that an event brought the order to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "done")]
    pub outcome: Option<String>,
    /// Which attempt it was, where it was not the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// How many bytes travelled: of a message, of a call's request and answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// More about it: why it was refused or failed; which other aggregate an event happened to, and its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What kind of step it is. There may come more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A service was asked to do something, and decided.
    Command,
    /// Something happened to an aggregate.
    Event,
    /// A message was sent, or handled; or an event was, where services follow each other's.
    Message,
    /// A call was made, or received.
    Call,
    /// Something failed, and is tried again.
    Retry,
    /// The order's saga took a step.
    Saga,
    /// The service was started anew: what it did before and after lies on both sides of an interruption.
    Restart,
}

/// What the steps add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Totals {
    /// Messages that were sent.
    pub messages: u64,
    /// Calls that services made: to each other, and to the systems outside.
    pub calls: u64,
    /// Bytes of both.
    pub bytes: u64,
    /// Transactions that the services committed for the order.
    pub commits: u64,
}

/// What one service did about an order: the answer to `GET /internal/timeline/{order}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What it did, in the order in which it did it.
    pub steps: Vec<Step>,
    /// In how many transactions.
    pub commits: u64,
    /// How many steps, at least, are left out between the first that are told and the last.
    pub left_out: u64,
}

/// What one service did, and how that hangs together with what others did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The step.
    #[serde(flatten)]
    pub entry: Entry,
    /// By what others know it: they follow it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Uuid>,
    /// The link of another service's step that it follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<Uuid>,
    /// It takes the answer in of whoever followed this link of its own service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<Uuid>,
}
