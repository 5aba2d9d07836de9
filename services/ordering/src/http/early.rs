//! What needs no price: a request that came before is answered as it was then, and one that is refused whatever its
//! products cost is refused at once. Neither depends on the warehouse.

use axum::http::StatusCode;
use chassis::{
    context::Context,
    idempotency::{Answer, Answered, Key},
    problem::Problem,
};
use database::Transaction;

use super::Api;
use crate::error::Error;

/// The code of the problem by which [`Pending::Prices`] comes back; no client is ever told.
const PRICES_NEEDED: &str = "PRICES_NEEDED";

/// Why a request has no answer yet.
enum Pending {
    /// It never will have another than this.
    Refused(Error),
    /// It depends on what the products cost.
    Prices,
}

/// The answer that the request's key has already; `None` if the request is to be carried out.
///
/// # Errors
/// What `check` refuses, which is kept for the key as any refusal is.
pub(super) async fn answer<F>(
    api: &Api,
    context: &Context,
    key: &Key,
    check: F,
) -> Result<Option<Answered>, Problem>
where
    F: AsyncFn(&mut Transaction) -> Result<(), Error> + Send + 'static,
{
    if context.idempotency_key.is_none() {
        api.database.read(check).await?;
        return Ok(None);
    }
    let work = async move |tx: &mut Transaction| -> Result<Answer, Pending> {
        check(tx).await.map_err(Pending::Refused)?;
        Err(Pending::Prices)
    };
    match api.idempotency.run(&api.database, key, work).await {
        Ok(answered) => Ok(Some(answered)),
        Err(problem) if problem.code() == PRICES_NEEDED => Ok(None),
        Err(problem) => Err(problem),
    }
}

impl From<database::Error> for Pending {
    fn from(error: database::Error) -> Self {
        Self::Refused(error.into())
    }
}

/// 503 is what nothing is kept of: nothing was decided.
impl From<Pending> for Problem {
    fn from(pending: Pending) -> Self {
        match pending {
            Pending::Refused(error) => error.into(),
            Pending::Prices => Self::new(StatusCode::SERVICE_UNAVAILABLE, PRICES_NEEDED, "Not priced yet."),
        }
    }
}
