//! The shop of one style: what it has, and what happens in it.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chassis::{context::Context, platform::Platform};
use contracts::{
    CustomerId, OrderId,
    ordering::{OrderStatus, StatusChange},
    style::Style,
    warehouse::Restock,
};

use crate::{
    audit::simulators_of,
    failure::Failure,
    order::{Names, Observer, Runner, Scripts, registration},
    remote::{Admin, Error, Gateway},
    workload::{self, Line, NewCustomer, NewOrder, NewProduct, Outcome, Run, Step, Workload},
};

/// What the references of all demos begin with.
const NAME: &str = "demo";

/// How long an order may take before nobody waits for it any more.
const PATIENCE: Duration = Duration::from_secs(60);

/// Unpaid orders that are left so: the others are paid, the oldest first.
const UNPAID: usize = 5;

/// Unpaid orders that are remembered. If nobody may pay, no more than these are tried again.
const REMEMBERED: usize = 1000;

/// Pages of customers that are looked through for the demo's own, which were among the first.
const PAGES: usize = 10;

/// A shop that is open.
pub(super) struct Shop {
    style: Style,
    runner: Runner<'static>,
    unpaid: Mutex<VecDeque<Unpaid>>,
}

/// An order that is to be paid some day.
#[derive(Clone, Copy)]
struct Unpaid {
    order: OrderId,
    /// How often it was tried in vain.
    tries: u32,
}

impl Unpaid {
    /// The key of this try: one key stands for one attempt, whose refusal it would only be told again.
    fn key(&self, run: &Run) -> String {
        format!("{run}/{}/pay/{}", self.order, self.tries)
    }
}

/// The demo tells nobody: it is to be seen in the system's own figures.
struct Nobody;

impl Observer for Nobody {
    fn status(&self, _: &StatusChange, _: Duration) {}
    fn unpaid(&self, _: Duration) {}
    fn done(&self) {}
}

impl Shop {
    /// Sees to it that there is everything that the day needs: what is there already is found again.
    ///
    /// # Errors
    /// The system does not do it, or not yet.
    pub(super) async fn open(
        style: Style,
        platform: &Platform,
        gateway: &Gateway,
        admin: &Admin,
        day: &Workload,
    ) -> Result<Self, Failure> {
        let run = Run::named(NAME, platform.random());
        let apps = admin.apps().await?;
        let simulators = simulators_of(&apps, style).into_iter().cloned().collect();
        let runner = Runner {
            api: gateway.api(Some(style), platform.random(), PATIENCE),
            names: Names::new(run.clone(), day),
            run,
            scripts: Some(Scripts::new(admin.patient(PATIENCE), simulators)),
            system: None,
            concurrency: 1,
            patience: PATIENCE,
            observer: &Nobody,
        };
        let shop = Self { style, runner, unpaid: Mutex::default() };
        shop.forget_scripts().await?;
        shop.find_customers(day).await?;
        for line in &day.lines {
            if let Step::Product(product) = &line.step {
                shop.product(product).await?;
            }
        }
        Ok(shop)
    }

    /// Takes away all scripts of demos, this one's and those before.
    ///
    /// # Errors
    /// The simulators do not answer.
    pub(super) async fn forget_scripts(&self) -> Result<(), Error> {
        match &self.runner.scripts {
            Some(scripts) => scripts.forget_all(&format!("{NAME}-")).await,
            None => Ok(()),
        }
    }

    /// One step of a day.
    pub(super) async fn step(&self, day: u64, line: &Line) {
        let done = match &line.step {
            Step::Order(order) => self.order(day, line.number, order).await,
            Step::Restock(restock) => self.restock(day, line.number, restock).await.map_err(Failure::from),
            Step::Price(price) => {
                self.runner.price(&self.context(), price).await.map_err(|error| Failure::because(&error))
            }
            Step::Limit(limit) => {
                self.runner.limit(&self.context(), limit).await.map_err(|error| Failure::because(&error))
            }
            Step::Customer(_) | Step::Product(_) | Step::Barrier(_) => Ok(()),
        };
        // Whoever breaks the system while the demo runs wants to see just that.
        if let Err(failure) = done {
            tracing::info!(style = %self.style, reason = %failure, "a step of the demo came to another end");
        }
    }

    async fn order(&self, day: u64, line: usize, order: &NewOrder) -> Result<(), Failure> {
        let key = format!("{day}-{}", order.key).try_into().map_err(Failure::failed)?;
        let order = NewOrder { key, ..order.clone() };
        let report = self.runner.order(line, &order).await;
        self.forget_script(&order).await?;
        if let (Some(id), Some(Outcome::Shipped)) = (report.order_id, report.outcome()) {
            self.remember(Unpaid { order: id, tries: 0 });
            self.pay_the_oldest().await?;
        }
        report.problem().map_or(Ok(()), |problem| Err(Failure::failed(problem)))
    }

    /// Takes away the scripts of an order that has ended, or of which nobody waits any more.
    async fn forget_script(&self, order: &NewOrder) -> Result<(), Failure> {
        let scripted = order.carrier.is_some() || order.payment.is_some();
        let Some(scripts) = self.runner.scripts.as_ref().filter(|_| scripted) else { return Ok(()) };
        let reference = self.runner.run.reference(&order.key);
        Ok(scripts.forget(&reference.map_err(|error| Failure::because(&error))?).await?)
    }

    /// Fills a shelf that is low: one with less on it than would be added.
    async fn restock(&self, day: u64, line: usize, restock: &workload::Restock) -> Result<(), Error> {
        let (api, quantity) = (&self.runner.api, i64::from(restock.quantity));
        let product = api.product(&self.context(), &restock.sku).await?;
        if product.available.get() < quantity {
            let context = self.keyed(&format!("{}/{day}/{line}", self.runner.run));
            api.restock(&context, &restock.sku, &Restock { quantity }).await?;
        }
        Ok(())
    }

    /// Pays the order that has been left unpaid for longest, once there are many: credit revolves.
    async fn pay_the_oldest(&self) -> Result<(), Error> {
        let oldest = {
            let mut unpaid = self.unpaid();
            if unpaid.len() > UNPAID { unpaid.pop_front() } else { None }
        };
        let Some(oldest) = oldest else { return Ok(()) };
        let paid = self.runner.api.pay(&self.keyed(&oldest.key(&self.runner.run)), oldest.order).await;
        match paid {
            Err(error) if error.code() == Some("NOTHING_DUE") => Ok(()),
            Err(error) => {
                self.remember(Unpaid { tries: oldest.tries + 1, ..oldest });
                Err(error)
            }
            Ok(_) => Ok(()),
        }
    }

    fn remember(&self, order: Unpaid) {
        let mut unpaid = self.unpaid();
        unpaid.push_back(order);
        if unpaid.len() > REMEMBERED {
            unpaid.pop_front();
        }
    }

    fn unpaid(&self) -> MutexGuard<'_, VecDeque<Unpaid>> {
        self.unpaid.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn context(&self) -> Context {
        self.runner.api.begin()
    }

    fn keyed(&self, key: &str) -> Context {
        self.context().with_idempotency_key(Some(key.to_owned()))
    }
}

/// Opening: nothing is made that is there already.
impl Shop {
    /// Finds the customers of an earlier demo, and what they have not paid.
    async fn find_customers(&self, day: &Workload) -> Result<(), Failure> {
        let known: Vec<_> = day.lines.iter().filter_map(customer_of).collect();
        let (mut cursor, mut found) = (None, HashSet::new());
        for _ in 0..PAGES {
            let page = self.runner.api.customers(&self.context(), cursor.as_deref()).await?;
            for customer in &page.items {
                let namesake = known.iter().find(|it| it.email.as_ref() == Some(&customer.email));
                if let Some(namesake) = namesake.filter(|it| found.insert(&it.key)) {
                    self.runner.names.registered(&namesake.key, Some(customer.id));
                    self.find_unpaid(customer.id).await?;
                }
            }
            cursor = page.next;
            if cursor.is_none() || found.len() == known.len() {
                break;
            }
        }
        for customer in known.iter().filter(|it| !found.contains(&it.key)) {
            self.register(customer).await?;
        }
        Ok(())
    }

    async fn register(&self, customer: &NewCustomer) -> Result<(), Failure> {
        // The same key in every run: two that open the shop at a time register nobody twice.
        let context = self.keyed(&format!("{NAME}/customers/{}", customer.key));
        let registered = self.runner.api.register_customer(&context, &registration(customer)).await?;
        self.runner.names.registered(&customer.key, Some(registered.id));
        Ok(())
    }

    async fn find_unpaid(&self, customer: CustomerId) -> Result<(), Error> {
        let orders = self.runner.api.orders_of(&self.context(), customer, OrderStatus::Shipped).await?;
        for order in orders.items.iter().rev().filter(|order| order.waiting_for.is_none()) {
            self.remember(Unpaid { order: order.id, tries: 0 });
        }
        Ok(())
    }

    async fn product(&self, product: &NewProduct) -> Result<(), Failure> {
        let context = self.keyed(&format!("{NAME}/products/{}", product.sku));
        match self.runner.add(&context, product).await {
            Err(error) if error.code() == Some("ALREADY_EXISTS") => {
                self.runner.names.added(&product.sku, Some(()));
                Ok(())
            }
            added => added.map_err(|error| Failure::because(&error)),
        }
    }
}

fn customer_of(line: &Line) -> Option<&NewCustomer> {
    if let Step::Customer(customer) = &line.step { Some(customer) } else { None }
}
