//! One order, from its line in the file to its outcome.

use std::{pin::pin, time::Duration};

use chassis::{context::Context, problem::chain};
use contracts::{
    OrderId, Reference,
    ordering::{AddItem, ChangeItem, CreateOrder, Order, OrderStatus, StatusChange},
    outside::simulators::Behaviour,
};
use futures_util::future::OptionFuture;
use tokio::time::{Instant, sleep, timeout_at};

use super::{
    names::Missing,
    plan::{Deed, Fact, Outside, Plan},
    report::Report,
    run::Runner,
};
use crate::{
    remote::{self, Follower, Seen},
    workload::{Change, Moment, NewOrder, Wanted, word},
};

/// How long to wait before a payment whose result is not known yet is asked about again.
const PAYMENT_PAUSE: Duration = Duration::from_millis(100);

/// What a cancel is answered that comes too late to be one.
const TOO_LATE_TO_CANCEL: [&str; 2] = ["ALREADY_DISPATCHED", "ORDER_REJECTED"];

/// Why nothing came of an order.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Remote(#[from] remote::Error),
    #[error(transparent)]
    Missing(#[from] Missing),
    #[error("the name cannot be prefixed")]
    Name(#[from] contracts::values::Invalid),
    #[error("the events of the order ended without an outcome")]
    NoOutcome,
}

/// What came of an order.
struct Ended {
    order: Order,
    /// How long it took from placing it to its first outcome; `None` if it never was placed.
    took: Option<Duration>,
}

/// Places an order as its line says, and sees what becomes of it.
pub(super) async fn live(runner: &Runner<'_>, line: usize, order: &NewOrder) -> Report {
    let mut report = Report::of(line, order);
    let deadline = Instant::now() + runner.patience;
    let life = Life { runner, order, context: runner.api.begin() };
    let id = match timeout_at(deadline, life.begin()).await {
        Ok(Ok(id)) => id,
        Ok(Err(error)) => return report.failed(chain(&error)),
        Err(_) => {
            return report.failed(format!("it could not be begun within {} s", runner.patience.as_secs()));
        }
    };
    report.order_id = Some(id);
    match timeout_at(deadline, Box::pin(life.see_through(id))).await {
        Ok(Ok(Ended { order: ended, took })) => report.ended(&order.expect, &ended, took),
        Ok(Err(error)) => report.failed(chain(&error)),
        Err(_) => report.failed(stuck(runner, id).await),
    }
}

/// Where an order is that has no outcome in time.
async fn stuck(runner: &Runner<'_>, id: OrderId) -> String {
    let api = runner.api.patient(Duration::ZERO);
    let now = match api.order(&api.begin(), id).await {
        Ok(Order { status, waiting_for: Some(what), .. }) => {
            format!("it is {}, waiting for {}", word(&status), word(&what))
        }
        Ok(Order { status, .. }) => format!("it is {}", word(&status)),
        Err(error) => chain(&error),
    };
    format!("no outcome within {} s: {now}", runner.patience.as_secs())
}

/// An order that is being seen through.
struct Life<'a> {
    runner: &'a Runner<'a>,
    order: &'a NewOrder,
    /// One trace for all calls about this order.
    context: Context,
}

impl Life<'_> {
    /// Begins the order, once there is what it names.
    async fn begin(&self) -> Result<OrderId, Error> {
        let (runner, order) = (self.runner, self.order);
        let customer = runner.names.customer(&order.customer).await?;
        let skus = order.items.iter().map(|item| &item.sku).chain(order.changes.iter().map(Change::sku));
        for sku in skus {
            runner.names.product(sku).await?;
        }
        let items: Result<_, Error> = order.items.iter().map(|item| self.item(item)).collect();
        let body = CreateOrder {
            customer_id: customer.to_string(),
            items: items?,
            reference: Some(self.reference()?.to_string()),
            place: false,
        };
        Ok(runner.api.create_order(&self.keyed("create"), &body).await?.id)
    }

    async fn see_through(&self, id: OrderId) -> Result<Ended, Error> {
        self.change(id).await?;
        self.script().await?;
        let took = if self.order.cancel_at == Some(Moment::Open) {
            self.cancel(id).await?;
            None
        } else {
            let mut follower = Follower::new(self.runner.api.clone(), id);
            let began = Instant::now();
            let outcome = self.place(id, &mut follower).await?;
            let took = began.elapsed();
            if outcome.status == OrderStatus::Shipped {
                self.runner.observer.unpaid(took);
            }
            if self.order.pay_later && outcome.status == OrderStatus::Shipped {
                self.pay(id, &mut follower).await?;
            }
            Some(took)
        };
        Ok(Ended { order: self.runner.api.order(&self.context, id).await?, took })
    }

    async fn change(&self, id: OrderId) -> Result<(), Error> {
        let (api, run) = (&self.runner.api, &self.runner.run);
        for (number, change) in (1..).zip(&self.order.changes) {
            let context = self.keyed(&format!("change-{number}"));
            match change {
                Change::Add(wanted) => api.add_item(&context, id, &self.item(wanted)?).await?,
                Change::Change(Wanted { sku, quantity }) => {
                    let body = ChangeItem { quantity: (*quantity).into() };
                    api.change_item(&context, id, &run.sku(sku)?, &body).await?
                }
                Change::Remove(unwanted) => api.remove_item(&context, id, &run.sku(&unwanted.sku)?).await?,
            };
        }
        Ok(())
    }

    /// Tells the simulators, before anything reaches them.
    async fn script(&self) -> Result<(), Error> {
        if let Some(carrier) = self.order.carrier {
            self.set(Outside::Carrier, carrier.into()).await?;
        }
        if let Some(payment) = self.order.payment {
            self.set(Outside::Payment, payment.into()).await?;
        }
        Ok(())
    }

    /// Places the order, and does what its script says until it has an outcome.
    async fn place(&self, id: OrderId, follower: &mut Follower) -> Result<StatusChange, Error> {
        let began = Instant::now();
        self.runner.api.place(&self.keyed("place"), id).await?;
        let mut plan = Plan::of(self.order);
        let mut cancel = pin!(OptionFuture::from(None));
        let mut fact = Fact::Placed;
        loop {
            for deed in plan.on(fact) {
                match deed {
                    Deed::Cancel => cancel.set(Some(self.cancel(id)).into()),
                    Deed::Release(outside) => self.set(outside, Behaviour::Accept).await?,
                }
            }
            let [carrier, payment] =
                Outside::ALL.map(|it| OptionFuture::from(plan.awaits(it).then(|| self.until_held(it))));
            fact = tokio::select! {
                biased;
                seen = follower.next() => match seen?.ok_or(Error::NoOutcome)? {
                    Seen::Status(change) => {
                        self.runner.observer.status(&change, began.elapsed());
                        Fact::Status(change.status)
                    }
                    Seen::Outcome(outcome) => {
                        // A cancel on its way is waited for: it must not arrive in what comes after this order.
                        cancel.await.transpose()?;
                        return Ok(outcome);
                    }
                },
                Some(answered) = &mut cancel => {
                    answered?;
                    cancel.set(None.into());
                    Fact::CancelAnswered
                }
                Some(held) = carrier => { held?; Fact::Held(Outside::Carrier) }
                Some(held) = payment => { held?; Fact::Held(Outside::Payment) }
            };
        }
    }

    /// Cancels the order, or hears that it is too late.
    async fn cancel(&self, id: OrderId) -> Result<(), Error> {
        match self.runner.api.cancel(&self.keyed("cancel"), id).await {
            Err(error) if error.code().is_some_and(|code| TOO_LATE_TO_CANCEL.contains(&code)) => Ok(()),
            answered => Ok(answered.map(drop)?),
        }
    }

    /// Pays an unpaid invoice, and follows the order to the outcome that comes of it.
    async fn pay(&self, id: OrderId, follower: &mut Follower) -> Result<(), Error> {
        self.set(Outside::Payment, Behaviour::Accept).await?;
        for attempt in 1.. {
            match self.runner.api.pay(&self.keyed(&format!("pay-{attempt}")), id).await {
                // Not known yet: the next request joins this attempt, or finds it made.
                Ok(None) => sleep(PAYMENT_PAUSE).await,
                Err(error) if error.code() == Some("PAYMENT_IN_PROGRESS") => sleep(PAYMENT_PAUSE).await,
                Err(error) if error.code() == Some("NOTHING_DUE") => break,
                // Refused: it stays unpaid, which the expectation judges.
                Err(error) if error.code() == Some("PAYMENT_REFUSED") => return Ok(()),
                answered => {
                    answered?;
                    break;
                }
            }
        }
        while let Some(Seen::Status(_)) = follower.next().await? {}
        Ok(())
    }

    fn reference(&self) -> Result<Reference, Error> {
        Ok(self.runner.run.reference(&self.order.key)?)
    }

    /// The context of a call that makes or begins something: its key is the same if the call is repeated, and no other's.
    fn keyed(&self, what: &str) -> Context {
        let key = format!("{}-{}/{what}", self.runner.run, self.order.key);
        self.context.clone().with_idempotency_key(Some(key))
    }

    fn item(&self, Wanted { sku, quantity }: &Wanted) -> Result<AddItem, Error> {
        Ok(AddItem { sku: self.runner.run.sku(sku)?.to_string(), quantity: (*quantity).into() })
    }

    async fn set(&self, outside: Outside, behaviour: Behaviour) -> Result<(), Error> {
        match &self.runner.scripts {
            Some(scripts) => Ok(scripts.set(outside, &self.reference()?, behaviour).await?),
            None => Ok(()),
        }
    }

    async fn until_held(&self, outside: Outside) -> Result<(), Error> {
        match &self.runner.scripts {
            Some(scripts) => Ok(scripts.until_held(outside, &self.reference()?).await?),
            None => std::future::pending().await,
        }
    }
}
