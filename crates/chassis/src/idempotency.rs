//! `Idempotency-Key`: a client that does not know whether its request arrived sends it again, and gets the
//! first answer again.
//!
//! The answer is kept in the owning service's database, in the transaction of the command itself: there is no
//! moment in which one is durable without the other. A key counts within style, route and caller, and stands
//! for one request: the same key with another path or body is refused. What is kept are answers and refusals
//! (4xx of the domain), not 429 and not 5xx, since those say that nothing was decided.
//!
//! ```
//! use axum::{extract::State, http::{StatusCode, header}};
//! use chassis::{idempotency::{Answer, Answered, Idempotency, Keyed}, problem::Problem};
//! use database::{Database, Transaction};
//!
//! #[derive(serde::Deserialize)]
//! struct NewCustomer { name: String }
//!
//! #[derive(Clone)]
//! struct App { database: Database, idempotency: Idempotency }
//!
//! async fn create(State(app): State<App>, request: Keyed<NewCustomer>) -> Result<Answered, Problem> {
//!     let NewCustomer { name } = request.body;
//!     let work = async move |_tx: &mut Transaction| -> Result<Answer, database::Error> {
//!         // … decide, save …
//!         Ok(Answer::json(StatusCode::CREATED, &name).header(header::LOCATION, "/v1/customers/1"))
//!     };
//!     app.idempotency.run(&app.database, &request.key, work).await
//! }
//! # axum::Router::<App>::new().route("/", axum::routing::post(create));
//! ```

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use axum::http::StatusCode;
use database::{Database, Transaction};
use journal::{Cause, Entry};

use crate::problem::{self, Problem, code};

mod answer;
mod key;
mod store;

pub use answer::{Answer, Answered};
pub use key::{IdempotencyKey, Key, Keyed, NoBody};
pub use store::{Found, SCHEMA, STATEMENTS, ScopedKey, StoredAnswer, forget, lookup, oldest, store};

/// Runs commands at most once per key. Clones share what is in progress.
#[derive(Clone, Debug)]
pub struct Idempotency {
    style: Arc<str>,
    in_progress: Arc<Mutex<HashSet<ScopedKey>>>,
}

impl Idempotency {
    /// For the commands of one App, which is of this style.
    #[must_use]
    pub fn new(style: &str) -> Self {
        Idempotency { style: style.into(), in_progress: Arc::default() }
    }

    /// Runs `work` in a transaction and keeps its answer, or gives the answer that was kept before, without
    /// running it.
    ///
    /// `work` is a transaction's closure: it may run more than once and awaits nothing but its own
    /// statements. Its error is a refusal, which undoes what it has written. Without a key it simply runs. In both cases
    /// the request is the [cause](journal::cause) of what it does.
    ///
    /// # Errors
    /// The refusal, be it this one or the one that was kept; 409 while the first request of this key is being
    /// worked on; 422 if the first was another request; 503 if the database is away.
    pub async fn run<E, F>(&self, database: &Database, key: &Key, work: F) -> Result<Answered, Problem>
    where
        F: AsyncFn(&mut Transaction) -> Result<Answer, E> + Send + 'static,
        E: From<database::Error> + Into<Problem> + Send + 'static,
    {
        let (cause, command) = (key.cause.clone(), key.command);
        let Some(key) = key.scoped(&self.style) else {
            let ran = database.write(async move |tx| run_work(tx, &cause, &work).await).await;
            return ran.map(Answered::first).map_err(Failed::into_problem);
        };
        let _claim = self.claim(key)?;
        let because = cause.clone();
        let ran = database.write(async move |tx| run_once(tx, &key, &because, &work).await).await;
        match ran {
            Ok(settled) => settled.into_answer(),
            Err(Failed::Refused(refusal)) => {
                keep_refusal(database, key, cause, command, refusal.into()).await
            }
            Err(failed) => Err(failed.into_problem()),
        }
    }

    /// Nobody else works on this key until the claim is dropped.
    fn claim(&self, key: ScopedKey) -> Result<Claim, Problem> {
        let mut in_progress = self.in_progress.lock().unwrap_or_else(PoisonError::into_inner);
        if !in_progress.insert(key) {
            return Err(in_progress_elsewhere());
        }
        Ok(Claim { key, in_progress: self.in_progress.clone() })
    }
}

/// A key that a request is being worked on under. A client that goes away drops it while its transaction may
/// still run; the next request of the key then waits behind that transaction, in the database, and finds its
/// answer.
struct Claim {
    key: ScopedKey,
    in_progress: Arc<Mutex<HashSet<ScopedKey>>>,
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.in_progress.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

/// What became of a key in a transaction.
enum Settled {
    First(Answer),
    Repeated(StoredAnswer),
    Mismatch,
}

impl Settled {
    fn into_answer(self) -> Result<Answered, Problem> {
        match self {
            Settled::First(answer) => Ok(Answered::first(answer)),
            Settled::Repeated(stored) => stored.into_answer(),
            Settled::Mismatch => {
                let detail = "This Idempotency-Key came with another request before; take a new one.";
                Err(Problem::unprocessable(code::IDEMPOTENCY_MISMATCH, detail))
            }
        }
    }
}

/// Why a transaction was undone.
enum Failed<E> {
    Refused(E),
    Database(database::Error),
    Unserialisable(serde_json::Error),
}

impl<E> From<database::Error> for Failed<E> {
    fn from(error: database::Error) -> Self {
        Failed::Database(error)
    }
}

impl<E: Into<Problem>> Failed<E> {
    fn into_problem(self) -> Problem {
        match self {
            Failed::Refused(refusal) => refusal.into(),
            Failed::Database(error) => error.into(),
            Failed::Unserialisable(error) => problem::internal(&error),
        }
    }
}

async fn run_work<E, F>(tx: &mut Transaction, cause: &Cause, work: &F) -> Result<Answer, Failed<E>>
where
    F: AsyncFn(&mut Transaction) -> Result<Answer, E>,
{
    journal::because(tx, cause);
    let answer = work(tx).await.map_err(Failed::Refused)?;
    answer.check().map_err(Failed::Unserialisable)
}

async fn run_once<E, F>(
    tx: &mut Transaction,
    key: &ScopedKey,
    cause: &Cause,
    work: &F,
) -> Result<Settled, Failed<E>>
where
    F: AsyncFn(&mut Transaction) -> Result<Answer, E>,
{
    match lookup(tx, key).await? {
        Found::Fresh => {}
        Found::Answered(stored) => return Ok(Settled::Repeated(stored)),
        Found::Mismatch => return Ok(Settled::Mismatch),
    }
    let answer = run_work(tx, cause, work).await?;
    if is_kept(answer.status()) && !store(tx, key, &answer).await? {
        // Another replica kept an answer to this key at the same moment: run again, this finds it.
        return Err(tx.conflict("answer").into());
    }
    Ok(Settled::First(answer))
}

/// Keeps a refusal, whose own transaction was undone. If that fails, the refusal is not told either: the
/// request can be sent again, and only what is kept may be the answer to a key.
async fn keep_refusal(
    database: &Database,
    key: ScopedKey,
    cause: Cause,
    command: &'static str,
    refusal: Problem,
) -> Result<Answered, Problem> {
    if !is_kept(refusal.status()) {
        return Err(refusal);
    }
    let answer = refusal.clone();
    let kept = database.write(async move |tx| {
        let refuse = async |tx: &mut Transaction| {
            journal::note(tx, Entry::refusal(command, answer.code()));
            Ok::<_, Problem>(Answer::of_problem(&answer))
        };
        run_once(tx, &key, &cause, &refuse).await
    });
    match kept.await {
        Ok(Settled::First(_)) => Err(refusal),
        Ok(settled) => settled.into_answer(),
        Err(failed) => Err(failed.into_problem()),
    }
}

/// 429 and 5xx say that nothing was decided.
fn is_kept(status: StatusCode) -> bool {
    status != StatusCode::TOO_MANY_REQUESTS && !status.is_server_error()
}

fn in_progress_elsewhere() -> Problem {
    let detail = "The first request with this Idempotency-Key is still being worked on.";
    Problem::conflict(code::IDEMPOTENCY_IN_PROGRESS, detail).retry_after(problem::RETRY_AFTER)
}

#[cfg(test)]
mod tests;
