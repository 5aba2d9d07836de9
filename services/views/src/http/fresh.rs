//! How fresh an answer is, and has to be.
//!
//! Views are behind, by as much as [`LAG_EVENTS`] and [`LAG_SECONDS`] say with each answer. Who has just written something knows its
//! version, from the `ETag` or the body, and asks for that or anything later: `at_least=orders/{id}@5`, or the same in the header
//! [`AT_LEAST`]. The answer waits until the views have it, for so long as the client does; then it comes as it is, and says so.

use std::{str::FromStr, time::Duration};

use axum::{
    extract::FromRequestParts,
    http::{HeaderName, HeaderValue, request::Parts},
    response::{IntoResponse, Response},
};
use chassis::{
    changes::{Key, wait_until},
    context::Context,
    extract::{Prefer, Query},
    problem::{FieldError, Problem},
};
use contracts::{
    CustomerId, OrderId, Sku,
    customers::Customer,
    ordering::Order,
    views::{AT_LEAST, GENERATION, LAG_EVENTS, LAG_SECONDS},
    warehouse::Product,
};
use database::{Error, Transaction};
use serde::Deserialize;

use super::Api;
use crate::{
    lag::Behind,
    store::{Stored, generations, generations::Generation},
};

/// How many versions may be asked for at once.
const MOST: usize = 10;

/// How long an answer waits for them unless the client says.
const WAIT: Duration = Duration::from_secs(2);

/// How long before the client's deadline the answer comes in any case.
const MARGIN: Duration = Duration::from_millis(50);

/// How fresh an answer has to be.
#[derive(Debug, Default)]
pub(super) struct AtLeast(Vec<Wanted>);

/// A version of an aggregate, or a later one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wanted {
    what: What,
    version: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    Customer(CustomerId),
    Order(OrderId),
    Product(Sku),
}

/// `orders/{id}@5`, `customers/{id}@2`, `products/{sku}@3`; an id alone is an order's.
impl FromStr for Wanted {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (what, version) = text.trim().rsplit_once('@').ok_or(())?;
        let version = version.trim_matches('"').parse().map_err(|_| ())?;
        let what = match what.split_once('/') {
            None => What::Order(what.parse().map_err(|_| ())?),
            Some(("orders", id)) => What::Order(id.parse().map_err(|_| ())?),
            Some(("customers", id)) => What::Customer(id.parse().map_err(|_| ())?),
            Some(("products", sku)) => What::Product(sku.parse().map_err(|_| ())?),
            Some(_) => return Err(()),
        };
        Ok(Self { what, version })
    }
}

impl<S: Sync> FromRequestParts<S> for AtLeast {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(Versions { at_least }) = Query::from_request_parts(parts, state).await?;
        let header = parts.headers.get_all(AT_LEAST).iter().map(|value| value.to_str().unwrap_or("?"));
        let texts = header.chain(at_least.iter().map(String::as_str)).flat_map(|list| list.split(','));
        let wanted = texts.filter(|text| !text.trim().is_empty()).map(|text| text.parse().ok());
        let wanted: Option<Vec<Wanted>> = wanted.collect();
        wanted.filter(|wanted| wanted.len() <= MOST).map(Self).ok_or_else(malformed)
    }
}

/// The parameter of the query, which may be repeated.
#[derive(Deserialize)]
struct Versions {
    #[serde(default)]
    at_least: Vec<String>,
}

fn malformed() -> Problem {
    let message = format!(
        "must be versions such as `orders/{{id}}@5`, `customers/{{id}}@2` or `products/{{sku}}@3`, at most {MOST} with commas between"
    );
    let error = FieldError { field: "at_least".to_owned(), message: message.clone() };
    Problem::malformed(format!("`at_least` {message}.")).with_errors(vec![error])
}

impl AtLeast {
    /// Waits until the views are as fresh, at most until the client's deadline; tells whether they are.
    pub(super) async fn wait(&self, api: &Api, context: &Context, prefer: Prefer) -> Result<bool, Error> {
        let patience = prefer.wait.unwrap_or(WAIT);
        let patience = context.remaining().map_or(patience, |left| patience.min(left.saturating_sub(MARGIN)));
        let deadline = context.deadline_within(patience);
        for Wanted { what, version } in &self.0 {
            let look = || {
                let what = what.clone();
                let read = api.database.read(async move |tx| what.version(tx).await);
                async move { Ok::<_, Error>(read.await?.filter(|at| at >= version)) }
            };
            if wait_until(api.projector.changes(), what.key(), deadline, look).await?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl What {
    fn key(&self) -> Key {
        match self {
            Self::Customer(id) => id.uuid().into(),
            Self::Order(id) => id.uuid().into(),
            Self::Product(sku) => sku.to_string().into(),
        }
    }

    /// The version that the views answer with, if they have it.
    async fn version(&self, tx: &mut Transaction) -> Result<Option<u64>, Error> {
        let Some(Generation { generation, .. }) = generations::answering(tx).await? else { return Ok(None) };
        let kept = match self {
            Self::Customer(id) => Customer::load(tx, generation, id).await?,
            Self::Order(id) => Order::load(tx, generation, id).await?,
            Self::Product(sku) => Product::load(tx, generation, sku).await?,
        };
        Ok(kept.map(|kept| kept.version))
    }
}

/// An answer, with how fresh it is.
pub(super) struct Fresh<T> {
    /// Whether it is as fresh as was asked, if anything was.
    met: Option<bool>,
    lag: Behind,
    generation: Generation,
    answer: T,
}

/// Reads from the generation that answers, once it is as fresh as was asked.
pub(super) async fn read<T, F>(api: &Api, asked: Asked, work: F) -> Result<Fresh<T>, Problem>
where
    F: AsyncFn(&mut Transaction, i64) -> Result<T, Error> + Send + 'static,
    T: Send + 'static,
{
    let Asked { at_least, context, prefer } = asked;
    let met = match at_least.0.is_empty() {
        true => None,
        false => Some(at_least.wait(api, &context, prefer).await?),
    };
    // Before the snapshot: what comes in between can only be told as waiting.
    let lag = api.lag.behind();
    let read = api.database.read(async move |tx| {
        let Some(generation) = generations::answering(tx).await? else { return Ok(None) };
        let answer = work(tx, generation.generation).await?;
        Ok::<_, Error>(Some((generation, answer)))
    });
    let Some((generation, answer)) = read.await? else { return Err(not_yet()) };
    Ok(Fresh { met, lag, generation, answer })
}

/// Views that were started a moment ago have not begun yet.
fn not_yet() -> Problem {
    Problem::unavailable("The views are being built; try again in a moment.", Duration::from_secs(1))
}

/// What a request says of the freshness that it asks for.
pub(super) struct Asked {
    at_least: AtLeast,
    context: Context,
    prefer: Prefer,
}

impl<S: Sync> FromRequestParts<S> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let at_least = AtLeast::from_request_parts(parts, state).await?;
        let context = Context::from_request_parts(parts, state).await?;
        let Ok(prefer) = Prefer::from_request_parts(parts, state).await;
        Ok(Self { at_least, context, prefer })
    }
}

impl<T> Fresh<T> {
    pub(super) fn map<U>(self, map: impl FnOnce(T) -> U) -> Fresh<U> {
        let Self { met, lag, generation, answer } = self;
        Fresh { met, lag, generation, answer: map(answer) }
    }

    pub(super) fn or_problem<U>(
        self,
        map: impl FnOnce(T) -> Result<U, Problem>,
    ) -> Result<Fresh<U>, Problem> {
        let Self { met, lag, generation, answer } = self;
        Ok(Fresh { met, lag, generation, answer: map(answer)? })
    }
}

impl<T: IntoResponse> IntoResponse for Fresh<T> {
    fn into_response(self) -> Response {
        let mut response = self.answer.into_response();
        let state = if self.generation.is_building() { "building" } else { "live" };
        let headers = [
            (LAG_EVENTS, Some(self.lag.events.to_string())),
            (LAG_SECONDS, Some(format!("{:.3}", self.lag.seconds))),
            (GENERATION, Some(format!("{} {state}", self.generation.generation))),
            (AT_LEAST, self.met.map(|met| if met { "met" } else { "not met" }.to_owned())),
        ];
        for (name, value) in headers {
            let value = value.and_then(|value| HeaderValue::try_from(value).ok());
            if let Some(value) = value {
                response.headers_mut().insert(HeaderName::from_static(name), value);
            }
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_asked_for_by_the_path_of_what_it_is_of() {
        let id = "0198c5f0-3a6e-7c61-8f6e-2f3d1c9b7a10";
        let parsed = |text: &str| text.parse::<Wanted>().ok().map(|wanted| (wanted.what, wanted.version));
        let order = What::Order(id.parse().unwrap());
        assert_eq!(parsed(&format!("{id}@5")), Some((order.clone(), 5)));
        assert_eq!(parsed(&format!(" orders/{id}@\"5\"")), Some((order, 5)));
        assert_eq!(parsed(&format!("customers/{id}@2")), Some((What::Customer(id.parse().unwrap()), 2)));
        assert_eq!(parsed("products/TEA@3"), Some((What::Product("TEA".parse().unwrap()), 3)));
        for bad in ["", id, "TEA@3", "shipments/TEA@3", "products/TEA@", "products/TEA@-1"] {
            assert_eq!(parsed(bad), None, "{bad}");
        }
    }
}
