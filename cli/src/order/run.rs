//! One run of a workload in one style.

use std::{collections::BTreeSet, time::Duration};

use chassis::{context::Context, problem::chain};
use contracts::{
    Money,
    customers::{ChangeCreditLimit, RegisterCustomer},
    ordering::StatusChange,
    raw::{RawAddress, RawMoney},
    style::Style,
    warehouse::{AddProduct, ChangeProduct, Restock},
};
use futures_util::{StreamExt, stream};

use super::{
    life::live,
    names::Names,
    report::{Problem, Report, Summary},
    scripts::Scripts,
};
use crate::{
    audit::until_rest,
    remote::{self, Admin, Api, App},
    workload::{self, Line, NewCustomer, NewOrder, NewProduct, Run, Step, Workload},
};

/// What a run needs to know.
pub(crate) struct Runner<'a> {
    /// The style's API.
    pub(crate) api: Api,
    /// What names begin with.
    pub(crate) run: Run,
    /// What names stand for.
    pub(crate) names: Names,
    /// The simulators, if there is a script for them.
    pub(crate) scripts: Option<Scripts>,
    /// What a barrier waits for, if there is one.
    pub(crate) system: Option<System>,
    /// How many lines are worked on at a time.
    pub(crate) concurrency: usize,
    /// How long an order may take, and how long a barrier.
    pub(crate) patience: Duration,
    /// Who is told.
    pub(crate) observer: &'a dyn Observer,
}

/// A system that can come to rest.
#[derive(Debug)]
pub(crate) struct System {
    pub(super) admin: Admin,
    pub(super) apps: BTreeSet<App>,
    pub(super) styles: Vec<Style>,
}

/// Hears what happens in a run.
pub(crate) trait Observer: Sync {
    /// An order came to a status, so long after it was placed.
    fn status(&self, change: &StatusChange, after: Duration);
    /// An order was left unpaid: the one outcome that is no status of its own.
    fn unpaid(&self, after: Duration);
    /// A line is done.
    fn done(&self);
}

/// What became of a line.
enum Done {
    /// Something was set up.
    SetUp,
    /// Something could not be set up.
    NotSetUp(Problem),
    /// An order was tried.
    Order(Box<Report>),
}

/// Why something could not be set up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Remote(#[from] remote::Error),
    #[error(transparent)]
    Missing(#[from] super::names::Missing),
    #[error("the name cannot be prefixed")]
    Name(#[from] contracts::values::Invalid),
}

impl Error {
    /// The code of the problem, if the system said no.
    pub(crate) fn code(&self) -> Option<&str> {
        if let Self::Remote(error) = self { error.code() } else { None }
    }
}

/// Runs a workload. After a barrier that fails nothing more is tried: what would come of it would prove nothing.
pub(super) async fn run(runner: &Runner<'_>, workload: &Workload) -> Summary {
    let mut summary = Summary::of(&runner.run);
    for segment in workload.segments() {
        let mut lines = stream::iter(segment.iter().filter(|line| !is_barrier(line)))
            .map(|line| Box::pin(runner.line(line)))
            .buffer_unordered(runner.concurrency);
        while let Some(done) = lines.next().await {
            match done {
                Done::SetUp => {}
                Done::NotSetUp(problem) => summary.problems.push(problem),
                Done::Order(report) => summary.add(*report),
            }
            runner.observer.done();
        }
        if let Some(barrier) = segment.last().filter(|line| is_barrier(line))
            && let Err(what) = runner.rest().await
        {
            summary.problems.push(Problem {
                line: barrier.number,
                key: None,
                order_id: None,
                code: None,
                what,
            });
            break;
        }
    }
    summary.finish();
    summary
}

fn is_barrier(line: &Line) -> bool {
    matches!(line.step, Step::Barrier(_))
}

impl Runner<'_> {
    async fn line(&self, Line { number, step }: &Line) -> Done {
        let context = self.api.begin().with_idempotency_key(Some(format!("{}/{number}", self.run)));
        let set_up = match step {
            Step::Order(order) => return Done::Order(Box::new(self.order(*number, order).await)),
            Step::Barrier(_) => Ok(()),
            Step::Customer(customer) => self.register(&context, customer).await,
            Step::Product(product) => self.add(&context, product).await,
            Step::Price(price) => self.price(&context, price).await,
            Step::Limit(limit) => self.limit(&context, limit).await,
            Step::Restock(restock) => self.restock(&context, restock).await,
        };
        let failed = |error: Error| {
            let code = error.code().map(str::to_owned);
            Done::NotSetUp(Problem { line: *number, key: None, order_id: None, code, what: chain(&error) })
        };
        set_up.map_or_else(failed, |()| Done::SetUp)
    }

    /// Sees an order of the file through to its outcome.
    pub(crate) async fn order(&self, line: usize, order: &NewOrder) -> Report {
        live(self, line, order).await
    }

    async fn register(&self, context: &Context, customer: &NewCustomer) -> Result<(), Error> {
        let registered = self.api.register_customer(context, &registration(customer)).await;
        self.names.registered(&customer.key, registered.as_ref().ok().map(|customer| customer.id));
        Ok(registered.map(drop)?)
    }

    /// Adds a product of the file.
    ///
    /// # Errors
    /// It cannot be added; nobody waits for it any longer then.
    pub(crate) async fn add(&self, context: &Context, product: &NewProduct) -> Result<(), Error> {
        let name = product.name.as_ref().map_or_else(|| product.sku.to_string(), ToString::to_string);
        let added = async {
            let sku = self.run.sku(&product.sku)?.to_string();
            let (unit_price, on_hand) = (raw(product.unit_price), product.on_hand.get());
            self.api.add_product(context, &AddProduct { sku, name, unit_price, on_hand }).await?;
            Ok::<_, Error>(())
        };
        let added = added.await;
        self.names.added(&product.sku, added.as_ref().ok().copied());
        added
    }

    /// Changes a price.
    ///
    /// # Errors
    /// It cannot be changed.
    pub(crate) async fn price(&self, context: &Context, price: &workload::Price) -> Result<(), Error> {
        self.names.product(&price.sku).await?;
        let body = ChangeProduct { name: None, unit_price: Some(raw(price.unit_price)) };
        self.api.change_product(context, &self.run.sku(&price.sku)?, &body).await?;
        Ok(())
    }

    /// Changes a limit.
    ///
    /// # Errors
    /// It cannot be changed.
    pub(crate) async fn limit(&self, context: &Context, limit: &workload::Limit) -> Result<(), Error> {
        let customer = self.names.customer(&limit.customer).await?;
        let body = ChangeCreditLimit { credit_limit: raw(limit.credit_limit) };
        self.api.change_limit(context, customer, &body).await?;
        Ok(())
    }

    async fn restock(&self, context: &Context, restock: &workload::Restock) -> Result<(), Error> {
        self.names.product(&restock.sku).await?;
        let body = Restock { quantity: restock.quantity.into() };
        self.api.restock(context, &self.run.sku(&restock.sku)?, &body).await?;
        Ok(())
    }

    /// Waits for rest, or says what is not at rest.
    async fn rest(&self) -> Result<(), String> {
        let Some(System { admin, apps, styles }) = &self.system else { return Ok(()) };
        let busy = until_rest(admin, apps, styles, self.patience).await.map_err(|error| chain(&error))?;
        if busy.is_empty() {
            return Ok(());
        }
        let busy: Vec<_> = busy.iter().map(ToString::to_string).collect();
        let seconds = self.patience.as_secs();
        Err(format!("no rest within {seconds} s, and what follows was not tried: {}", busy.join("; ")))
    }
}

fn raw(money: Money) -> RawMoney {
    RawMoney { amount: money.amount(), currency: money.currency().to_string() }
}

/// A customer of a file, with somebody's name and address where it gives none.
pub(crate) fn registration(customer: &NewCustomer) -> RegisterCustomer {
    let address = customer.address.as_ref();
    let part = |given: Option<String>, otherwise: &str| given.unwrap_or_else(|| otherwise.to_owned());
    RegisterCustomer {
        name: part(customer.name.as_ref().map(ToString::to_string), customer.key.as_str()),
        email: part(customer.email.as_ref().map(ToString::to_string), "ada@example.org"),
        address: RawAddress {
            line1: part(address.map(|it| it.line1.to_string()), "12 St James's Square"),
            postal_code: part(address.map(|it| it.postal_code.to_string()), "SW1Y 4JH"),
            city: part(address.map(|it| it.city.to_string()), "London"),
            country: part(address.map(|it| it.country.to_string()), "GB"),
        },
        credit_limit: raw(customer.credit_limit),
    }
}
