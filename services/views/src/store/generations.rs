//! Which generations of the tables there are, and how far a rebuild has come.

use database::{Error, Row, Transaction, params, statements};
use serde::Serialize;
use uuid::Uuid;

use crate::projection::Kind;

statements! {
    /// The generations that are kept up to date, the live one first.
    const ACTIVE: "SELECT generation, state, run_id, began_at, finished_at, compared, different FROM view_generations \
        WHERE state <> 'retired' ORDER BY state DESC, generation";
    /// All of them.
    const ALL: "SELECT generation, state, run_id, began_at, finished_at, compared, different FROM view_generations \
        ORDER BY generation";
    /// The next generation, unless one is being built.
    const BEGIN: "INSERT INTO view_generations (generation, state, run_id, began_at) \
        SELECT COALESCE(MAX(generation), 0) + 1, 'building', $1, $2 FROM view_generations \
        HAVING COUNT(CASE WHEN state = 'building' THEN 1 END) = 0";
    /// Retires the live generation.
    const RETIRE: "UPDATE view_generations SET state = 'retired' WHERE state = 'live'";
    /// The one that was built is live from now on.
    const GO_LIVE: "UPDATE view_generations SET state = 'live', finished_at = $2, compared = $3, different = $4 \
        WHERE generation = $1 AND state = 'building'";
    /// A generation of which nothing is kept any more.
    const FORGET: "DELETE FROM view_generations WHERE generation = $1 AND state = 'retired'";
    /// What is known of the sources of a generation.
    const SOURCES: "SELECT aggregate, position, published, received, complete FROM view_sources \
        WHERE generation = $1 ORDER BY aggregate";
    /// Notes how far an owner has republished.
    const PUBLISHED: "INSERT INTO view_sources (generation, aggregate, position, published, received, complete) \
        VALUES ($1, $2, $3, $4, 0, $5) ON CONFLICT (generation, aggregate) DO UPDATE SET \
        position = excluded.position, published = view_sources.published + excluded.published, \
        complete = excluded.complete";
    /// Notes documents that came.
    const RECEIVED: "INSERT INTO view_sources (generation, aggregate, published, received, complete) \
        VALUES ($1, $2, 0, $3, 0) ON CONFLICT (generation, aggregate) DO UPDATE SET \
        received = view_sources.received + excluded.received";
    /// Forgets the sources of a generation.
    const FORGET_SOURCES: "DELETE FROM view_sources WHERE generation = $1";
    /// Forgets some customers of a generation.
    const FORGET_CUSTOMERS: "DELETE FROM view_customers WHERE generation = $1 AND customer_id IN \
        (SELECT customer_id FROM view_customers WHERE generation = $1 LIMIT $2)";
    /// Forgets some products of a generation.
    const FORGET_PRODUCTS: "DELETE FROM view_products WHERE generation = $1 AND sku IN \
        (SELECT sku FROM view_products WHERE generation = $1 LIMIT $2)";
    /// Forgets some orders of a generation.
    const FORGET_ORDERS: "DELETE FROM view_orders WHERE generation = $1 AND order_id IN \
        (SELECT order_id FROM view_orders WHERE generation = $1 LIMIT $2)";
    /// Forgets some lines of a generation.
    const FORGET_LINES: "DELETE FROM view_order_lines WHERE generation = $1 AND (sku, order_id) IN \
        (SELECT sku, order_id FROM view_order_lines WHERE generation = $1 LIMIT $2)";
}

/// What a generation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It is kept up to date, and does not have everything yet.
    Building,
    /// It is complete and kept up to date: it answers.
    Live,
    /// Another one has taken its place; its rows are being forgotten.
    Retired,
}

/// One generation of the tables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Generation {
    /// Its number, from 1.
    pub generation: i64,
    /// What it is for.
    pub state: State,
    /// The run in which owners republish for it.
    pub run: Uuid,
    /// Since when it is built, in microseconds since the Unix epoch.
    pub began_at: i64,
    /// When it was complete.
    pub finished_at: Option<i64>,
    /// How many documents it was compared in with the one before it, when it took its place; `None` for the first.
    pub compared: Option<u64>,
    /// How many of those were different: none, unless there is a mistake.
    pub different: Option<u64>,
}

impl Generation {
    /// Whether it does not have everything yet.
    #[must_use]
    pub fn is_building(&self) -> bool {
        self.state == State::Building
    }
}

/// The generations that are kept up to date: the live one if there is one, and one that is being built if there is one.
///
/// # Errors
/// If the store fails; so for all that follow.
pub async fn active(tx: &mut Transaction) -> Result<Vec<Generation>, Error> {
    tx.query(ACTIVE, params![], read).await
}

/// All generations of which something is kept.
///
/// # Errors
/// See [`active`].
pub async fn all(tx: &mut Transaction) -> Result<Vec<Generation>, Error> {
    tx.query(ALL, params![], read).await
}

/// The generation that answers: the live one, or the first one while it is being built.
///
/// # Errors
/// See [`active`].
pub async fn answering(tx: &mut Transaction) -> Result<Option<Generation>, Error> {
    Ok(active(tx).await?.into_iter().next())
}

/// Begins to build a generation in this run, unless one is being built.
///
/// # Errors
/// See [`active`].
pub async fn begin(tx: &mut Transaction, run: Uuid) -> Result<(), Error> {
    let now = tx.now();
    tx.execute(BEGIN, params![run, now]).await.map(drop)
}

/// The generation that was being built takes the place of the live one, with which it was compared.
///
/// # Errors
/// See [`active`].
pub async fn go_live(
    tx: &mut Transaction,
    generation: i64,
    compared: Option<(u64, u64)>,
) -> Result<(), Error> {
    let (now, (compared, different)) = (tx.now(), compared.unzip());
    tx.execute(RETIRE, params![]).await?;
    tx.execute(GO_LIVE, params![generation, now, compared, different]).await.map(drop)
}

/// How far one owner has come in republishing for a generation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Source {
    /// The last aggregate that was republished.
    pub position: Option<String>,
    /// How many documents it has put into its outbox.
    pub published: u64,
    /// How many of them have come.
    pub received: u64,
    /// Whether it was the last.
    pub complete: bool,
}

impl Source {
    /// Whether all of it has come.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.complete && self.received == self.published
    }
}

/// How far each owner has come for a generation.
///
/// # Errors
/// See [`active`].
pub async fn sources(tx: &mut Transaction, generation: i64) -> Result<Vec<(Kind, Source)>, Error> {
    let mut rows = tx.query(SOURCES, params![generation], source).await?;
    let mut of = |kind: Kind| {
        let found = rows.iter_mut().find(|(aggregate, _)| aggregate == kind.name());
        found.map(|(_, source)| std::mem::take(source)).unwrap_or_default()
    };
    Ok(Kind::ALL.map(|kind| (kind, of(kind))).into())
}

/// An owner has republished so many documents more, up to a position; `None` is the end.
///
/// # Errors
/// See [`active`].
pub async fn published(
    tx: &mut Transaction,
    generation: i64,
    kind: Kind,
    documents: u64,
    position: Option<&str>,
) -> Result<(), Error> {
    let row = params![generation, kind.name(), position, documents, position.is_none()];
    tx.execute(PUBLISHED, row).await.map(drop)
}

/// So many documents more have come that were republished for a generation.
///
/// # Errors
/// See [`active`].
pub async fn received(
    tx: &mut Transaction,
    generation: i64,
    kind: Kind,
    documents: u64,
) -> Result<(), Error> {
    tx.execute(RECEIVED, params![generation, kind.name(), documents]).await.map(drop)
}

/// Forgets rows of a retired generation, at most `limit` of each table, and the generation with the last. Returns how many
/// there were.
///
/// # Errors
/// See [`active`].
pub async fn forget(tx: &mut Transaction, generation: i64, limit: u64) -> Result<u64, Error> {
    let mut rows = 0;
    for statement in [FORGET_LINES, FORGET_ORDERS, FORGET_PRODUCTS, FORGET_CUSTOMERS] {
        rows += tx.execute(statement, params![generation, limit]).await?;
    }
    if rows == 0 {
        tx.execute(FORGET_SOURCES, params![generation]).await?;
        tx.execute(FORGET, params![generation]).await?;
    }
    Ok(rows)
}

fn source(row: &Row<'_>) -> Result<(String, Source), Error> {
    let (position, published, received) = (row.get(1)?, row.get(2)?, row.get(3)?);
    Ok((row.get(0)?, Source { position, published, received, complete: row.get::<i64>(4)? == 1 }))
}

fn read(row: &Row<'_>) -> Result<Generation, Error> {
    let state = match row.get::<String>(1)?.as_str() {
        "live" => State::Live,
        "building" => State::Building,
        _ => State::Retired, // a constraint keeps other words out
    };
    Ok(Generation {
        generation: row.get(0)?,
        state,
        run: row.get(2)?,
        began_at: row.get(3)?,
        finished_at: row.get(4)?,
        compared: row.get(5)?,
        different: row.get(6)?,
    })
}
