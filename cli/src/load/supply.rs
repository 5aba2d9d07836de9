//! Customers and products of a run's own: spread so that no row is the bottleneck, and enough of everything.

use std::time::Duration;

use chassis::context::Context;
use contracts::{
    Count, CustomerId, Money, Sku,
    customers::RegisterCustomer,
    raw::{RawAddress, RawMoney},
    warehouse::AddProduct,
};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::{Config, Kind};
use crate::{
    remote::{Api, Error},
    workload::Run,
};

/// Customers and products, each, if nobody works on more orders at a time.
const SPREAD: usize = 256;
/// And at most, however many do.
const MOST: usize = 4096;
/// Those whose orders are refused. A refusal leaves no reservation, hence a few do.
const FEW: usize = 16;

/// How many are made at a time.
const AT_A_TIME: usize = 32;

/// What a piece costs, in minor units: more than the poor may owe.
const PRICE: i64 = 1299;
const CURRENCY: &str = "EUR";
const ANOTHER: &str = "USD";

/// How long the system may take to do any of it.
const PATIENCE: Duration = Duration::from_secs(30);

/// What orders are made of.
#[derive(Debug)]
pub(super) struct Supply {
    /// Customers who may owe all that can be ordered, unpaid orders included.
    pub(super) rich: Vec<CustomerId>,
    /// Customers who may owe less than anything costs.
    pub(super) poor: Vec<CustomerId>,
    /// Customers with much credit in another currency.
    pub(super) foreign: Vec<CustomerId>,
    /// Customers whom nobody has registered.
    pub(super) nobody: Vec<CustomerId>,
    /// Products of which there is enough.
    pub(super) stocked: Vec<Sku>,
    /// Products of which there is none.
    pub(super) sold_out: Vec<Sku>,
}

impl Supply {
    /// Makes what the orders of a mix need.
    ///
    /// # Errors
    /// The system does not do it.
    pub(super) async fn provide(config: &Config, api: &Api, run: &Run) -> Result<Self, Error> {
        let maker = Maker { api: api.patient(PATIENCE), run };
        let has = |kind| config.mix.kinds().any(|it| it == kind);
        let few = |kind| if has(kind) { if config.hot { 1 } else { FEW } } else { 0 };
        let (customers, products) = match config.hot {
            true => (1, config.lines),
            false => {
                let spread = (2 * config.clients).clamp(SPREAD, MOST);
                (spread, spread)
            }
        };
        Ok(Self {
            rich: maker.customers("rich", customers, Money::MAX, CURRENCY).await?,
            poor: maker.customers("poor", few(Kind::NoCredit), PRICE - 1, CURRENCY).await?,
            foreign: maker.customers("foreign", few(Kind::WrongCurrency), Money::MAX, ANOTHER).await?,
            nobody: (0..FEW).map(|number| run.nobody_of(&format!("nobody-{number}"))).collect(),
            stocked: maker.products("p", products, Count::MAX).await?,
            sold_out: maker.products("none", few(Kind::OutOfStock).min(1) * config.lines.max(FEW), 0).await?,
        })
    }
}

struct Maker<'a> {
    api: Api,
    run: &'a Run,
}

impl Maker<'_> {
    async fn customers(
        &self,
        what: &str,
        count: usize,
        limit: i64,
        currency: &str,
    ) -> Result<Vec<CustomerId>, Error> {
        let register = |number: usize| async move {
            let name = format!("{what}-{number}");
            let body = customer(&format!("{} {name}", self.run), limit, currency);
            Ok(self.api.register_customer(&self.keyed(&name), &body).await?.id)
        };
        stream::iter(0..count).map(register).buffered(AT_A_TIME).try_collect().await
    }

    async fn products(&self, what: &str, count: usize, on_hand: i64) -> Result<Vec<Sku>, Error> {
        let add = |number: usize| async move {
            let sku = format!("{}-{what}{number}", self.run);
            let unit_price = RawMoney { amount: PRICE, currency: CURRENCY.to_owned() };
            let body = AddProduct { name: sku.clone(), sku: sku.clone(), unit_price, on_hand };
            Ok(self.api.add_product(&self.keyed(&sku), &body).await?.sku)
        };
        stream::iter(0..count).map(add).buffered(AT_A_TIME).try_collect().await
    }

    fn keyed(&self, what: &str) -> Context {
        self.api.begin().with_idempotency_key(Some(format!("{}/{what}", self.run)))
    }
}

fn customer(name: &str, limit: i64, currency: &str) -> RegisterCustomer {
    RegisterCustomer {
        name: name.to_owned(),
        email: "load@example.org".to_owned(),
        address: RawAddress {
            line1: "12 St James's Square".to_owned(),
            postal_code: "SW1Y 4JH".to_owned(),
            city: "London".to_owned(),
            country: "GB".to_owned(),
        },
        credit_limit: RawMoney { amount: limit, currency: currency.to_owned() },
    }
}
