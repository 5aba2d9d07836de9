//! How copies begin: whoever keeps some that have never begun has their owner tell again what there is.
//!
//! First the broker is told to keep what happens from now on, then the owner is asked, page by page, by requests over the broker:
//! who keeps copies calls nobody. How far that has come is written down, so that it goes on after a crash, and is not begun
//! again by another replica or at the next start. A page that is asked for twice is told by the same messages.

use std::{sync::Arc, time::Duration};

use chassis::{ids::Ids, problem::chain, shutdown::Drain};
use contracts::{
    republish::{Page, Republished},
    topics::{self, kinds},
};
use database::{Database, Error, Row, Transaction, params};
use messaging::{
    Backoff, Broker, Data, Envelope,
    broker::{self, RequestError},
};
use tokio::time::Instant;
use uuid::Uuid;

use super::store;

/// How many documents a page has, and how long to rest between two, so that what happens meanwhile is told as well.
const PAGE: u32 = 500;
const REST: Duration = Duration::from_millis(50);

/// After how many failures it is worth a line: at the start of a system an owner may come up a moment later.
const NEWS: u32 = 5;

/// How long an owner may take for a page.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Where things of a kind are told of, and where their owner is asked to tell again.
pub(super) const fn topics_of(kind: &str) -> (&'static str, &'static str) {
    match kind.as_bytes() {
        b"order" => (topics::ORDERING_EVENTS, topics::ORDERING_REPUBLISH),
        b"customer" => (topics::CUSTOMERS_EVENTS, topics::CUSTOMERS_REPUBLISH),
        _ => (topics::WAREHOUSE_EVENTS, topics::WAREHOUSE_REPUBLISH),
    }
}

/// The copies of one kind in one database.
pub(super) struct Beginning {
    pub(super) kind: &'static str,
    /// Under which name the service follows topics.
    pub(super) group: &'static str,
    pub(super) broker: Arc<dyn Broker>,
    pub(super) database: Database,
    pub(super) ids: Ids,
}

/// Why a step did not take place; the next one does it again.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("registering with the broker")]
    Broker(#[from] broker::Error),
    #[error("asking the owner")]
    Request(#[from] RequestError),
    #[error("understanding the owner")]
    Unclear(#[from] serde_json::Error),
    #[error(transparent)]
    Store(#[from] Error),
}

/// How far it has come.
struct Begun {
    run: Uuid,
    position: Option<String>,
    complete: bool,
}

impl Beginning {
    /// Begins, unless that was done before, for as long as it takes or until `drain`.
    pub(super) async fn run(self, drain: Drain) {
        let (mut failures, backoff) = (0_u32, Backoff::default());
        loop {
            let wait = match self.step().await {
                Ok(true) => return,
                Ok(false) => {
                    failures = 0;
                    REST
                }
                Err(error) => {
                    failures = failures.saturating_add(1);
                    let wait = backoff.wait(Uuid::nil(), failures);
                    if failures >= NEWS {
                        let reason = chain(&error);
                        tracing::info!(failures, reason, "copies of `{}` begin in {wait:?}", self.kind);
                    }
                    wait
                }
            };
            if !drain.sleep(wait).await {
                return;
            }
        }
    }

    /// Has the owner tell a page; tells whether there is no more.
    async fn step(&self) -> Result<bool, Failure> {
        let kind = self.kind;
        let found = self.database.read(async move |tx| begun(tx, kind).await).await?;
        let Begun { run, position, complete } = match found {
            Some(begun) => begun,
            None => {
                let run = self.ids.next();
                self.database.write(async move |tx: &mut Transaction| begin(tx, kind, run).await).await?
            }
        };
        if complete {
            return Ok(true);
        }
        self.broker.register(topics_of(kind).0, self.group).await?;
        let told = self.ask(Page { run: Some(run), after: position, limit: Some(PAGE) }).await?;
        let complete = told.next.is_none();
        let noted = async move |tx: &mut Transaction| {
            tx.execute(store::TOLD, params![kind, run, told.next, i64::from(complete)]).await
        };
        self.database.write::<_, Error, _>(noted).await?;
        if complete {
            tracing::info!("copies of `{kind}` have begun");
        }
        Ok(complete)
    }

    async fn ask(&self, page: Page) -> Result<Republished, Failure> {
        let (id, now, data) = (self.ids.next(), self.database.now(), Data::of(&page)?);
        let request = Envelope::new(id, self.group, kinds::REPUBLISH_REQUEST, self.kind, now, data);
        let reply = self.broker.request(topics_of(self.kind).1, request, Instant::now() + TIMEOUT).await?;
        Ok(reply.data.parse()?)
    }
}

async fn begun(tx: &mut Transaction, kind: &str) -> Result<Option<Begun>, Error> {
    let read = |row: &Row<'_>| {
        Ok(Begun { run: row.get(0)?, position: row.get(1)?, complete: row.get::<i64>(2)? != 0 })
    };
    tx.query_opt(store::BEGUN, params![kind], read).await
}

/// Notes that it is to begin, unless another replica has.
async fn begin(tx: &mut Transaction, kind: &str, run: Uuid) -> Result<Begun, Error> {
    tx.execute(store::BEGIN, params![kind, run]).await?;
    let found = begun(tx, kind).await?;
    Ok(found.unwrap_or(Begun { run, position: None, complete: false }))
}
