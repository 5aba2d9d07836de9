//! One order, from the request to the outcome.

use std::{fmt, time::Duration};

use chassis::problem::chain;
use contracts::{OrderId, ordering::Order};
use serde::Serialize;
use tokio::time::{Instant, sleep, timeout_at};

use super::{Ended, Kind, plan::Wanted};
use crate::{
    remote::{Api, Error, Follower, Seen},
    workload::word,
};

/// How an order's outcome is learned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Learn {
    /// The request that places the order is answered at the outcome (`Prefer: wait=30`): one request for an order.
    #[default]
    Wait,
    /// By the order's stream of events: a second request, and one event for each status.
    Events,
    /// By asking again and again, every 10 ms.
    Poll,
}

/// The longest wait that the contract has.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The pause of [`Learn::Poll`].
const POLL: Duration = Duration::from_millis(10);

/// What a cancel is answered that comes too late to be one.
const TOO_LATE_TO_CANCEL: [&str; 2] = ["ALREADY_DISPATCHED", "ORDER_REJECTED"];

/// What became of an order.
#[derive(Debug)]
pub(super) struct Lived {
    pub(super) order: Option<OrderId>,
    /// When the first request was answered.
    pub(super) answered: Option<Instant>,
    /// How it ended, or why it did not.
    pub(super) ended: Result<Ended, Why>,
}

/// Why an order is a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// It was refused as a request, or nobody answered: for good, or for as long as was waited.
    NotTaken(String),
    /// There was no outcome in time.
    NoOutcome(String),
    /// There was one that orders of its kind do not have.
    Another(String),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotTaken(why) | Self::NoOutcome(why) | Self::Another(why) => f.write_str(why),
        }
    }
}

/// Who sends orders.
#[derive(Clone, Debug)]
pub(super) struct Client {
    /// Asks again what may be answered later, within the order's own time.
    pub(super) api: Api,
    pub(super) learn: Learn,
    /// How long an order may take to its outcome, from the moment when it should have been sent.
    pub(super) patience: Duration,
}

impl Client {
    /// Sends an order and sees it through to its outcome.
    pub(super) async fn live(&self, wanted: &Wanted, due: Instant) -> Lived {
        let deadline = due + self.patience;
        let mut life = Life { client: self, wanted, deadline, order: None, answered: None };
        let ended = timeout_at(deadline, life.see_through()).await;
        let late = || Err(Why::NoOutcome(format!("no outcome within {} s", self.patience.as_secs())));
        let ended = ended.unwrap_or_else(|_| late());
        Lived { order: life.order, answered: life.answered, ended }
    }
}

/// An order that is being seen through.
struct Life<'a> {
    client: &'a Client,
    wanted: &'a Wanted,
    deadline: Instant,
    order: Option<OrderId>,
    answered: Option<Instant>,
}

impl Life<'_> {
    async fn see_through(&mut self) -> Result<Ended, Why> {
        let cancels = self.wanted.kind == Kind::Cancel;
        let at_once = cancels || self.client.learn != Learn::Wait;
        let order = self.place(if at_once { Duration::ZERO } else { LONGEST_WAIT }).await;
        let mut order = order.map_err(|error| Why::NotTaken(chain(&error)))?;
        self.answered = Some(Instant::now());
        self.order = Some(order.id);
        if cancels {
            self.cancel(&mut order).await.map_err(|error| Why::NotTaken(chain(&error)))?;
        }
        let ended = match ended(&order) {
            Some(ended) => ended,
            None => self.outcome(order.id).await.map_err(|error| Why::NoOutcome(chain(&error)))?,
        };
        if self.wanted.kind.allows(ended) { Ok(ended) } else { Err(self.another(ended)) }
    }

    /// Places it, or asks again how it stands: the key is the same.
    async fn place(&self, wait: Duration) -> Result<Order, Error> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        self.client.api.order_and_wait(&self.wanted.key, &self.wanted.body, wait.min(left)).await
    }

    async fn cancel(&self, order: &mut Order) -> Result<(), Error> {
        let wait = if self.client.learn == Learn::Wait { LONGEST_WAIT } else { Duration::ZERO };
        let key = format!("{}/cancel", self.wanted.key);
        match self.client.api.cancel_and_wait(&key, order.id, wait).await {
            Err(error) if error.code().is_some_and(|code| TOO_LATE_TO_CANCEL.contains(&code)) => Ok(()),
            answered => {
                *order = answered?;
                Ok(())
            }
        }
    }

    /// Its outcome, which was not there yet.
    async fn outcome(&self, id: OrderId) -> Result<Ended, Error> {
        if self.client.learn == Learn::Events {
            return self.follow(id).await;
        }
        loop {
            // Who waits may be answered at once by a system that stops.
            sleep(POLL).await;
            let order = match self.client.learn {
                Learn::Poll => self.client.api.bare_order(id).await?,
                Learn::Wait | Learn::Events => self.place(LONGEST_WAIT).await?,
            };
            if let Some(ended) = ended(&order) {
                return Ok(ended);
            }
        }
    }

    async fn follow(&self, id: OrderId) -> Result<Ended, Error> {
        let mut follower = Follower::new(self.client.api.clone(), id);
        let mut latest = None;
        while let Some(seen) = follower.next().await? {
            match seen {
                Seen::Outcome(change) => {
                    latest = Ended::of(change.status, change.reason, false);
                    break;
                }
                Seen::Status(_) => {}
            }
        }
        match latest {
            Some(ended) => Ok(ended),
            // The stream has ended without it: the order itself tells.
            None => loop {
                if let Some(ended) = ended(&self.client.api.bare_order(id).await?) {
                    return Ok(ended);
                }
                sleep(POLL).await;
            },
        }
    }

    fn another(&self, ended: Ended) -> Why {
        let reason = ended.reason.map_or_else(String::new, |reason| format!(" {}", word(&reason)));
        Why::Another(format!("{}{reason}, which is no end for `{}`", word(&ended.outcome), self.wanted.kind))
    }
}

fn ended(order: &Order) -> Option<Ended> {
    Ended::of(order.status, order.reason, order.waiting_for.is_some())
}
