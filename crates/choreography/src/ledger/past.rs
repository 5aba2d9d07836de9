//! Looking back: an aggregate as it was once, and what happened to it.

use aggregate::Versioned;
use chassis::{extract::Fields, problem::Problem};
use contracts::Timestamp;
use database::{Error, Transaction};
use event_store::{AsOf, EventSourced, Grid, Recorded, Repository, read};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

/// How many events one answer tells at most; of a longer history the latest.
const MOST: usize = 1_000;

/// Which past is asked for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Past {
    /// As of this version.
    version: Option<String>,
    /// As it was effective at this time.
    as_of: Option<String>,
    /// As it was known at this time; now, unless told.
    known_at: Option<String>,
}

/// A look back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// At a version.
    Version(u64),
    /// At what was effective at one instant, as far as it was known at another.
    AsOf(AsOf),
}

/// Something that happened.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Happened {
    /// The version that it made.
    pub version: u64,
    /// Its type.
    pub event: String,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// From when on it counts.
    pub effective_at: Timestamp,
    /// On whose behalf; null if nobody is known.
    pub actor: Option<String>,
    /// What it says, as an event of today.
    #[schema(value_type = Object)]
    pub data: Value,
}

/// What happened to one aggregate, first to last.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct History {
    /// At most 1,000 events: of more, the latest.
    pub events: Vec<Happened>,
}

impl Past {
    /// What is asked for, if any past is.
    ///
    /// # Errors
    /// 422 that names what cannot be read, or does not go together.
    pub fn look(&self) -> Result<Option<Look>, Problem> {
        let Self { version, as_of, known_at } = self;
        let mut fields = Fields::new();
        if version.is_some() && (as_of.is_some() || known_at.is_some()) {
            fields.note("version", "a version, or a time: not both");
        }
        let number = |text: &String| text.parse::<u64>().map_err(|_| "a version is a number from 0");
        let version = version.as_ref().and_then(|text| fields.check("version", number(text)));
        let instant = |text: &String| text.parse::<Timestamp>();
        let effective = as_of.as_ref().and_then(|text| fields.check("as_of", instant(text)));
        let known = known_at.as_ref().and_then(|text| fields.check("known_at", instant(text)));
        let look = match (version, effective, known) {
            (Some(version), ..) => Some(Look::Version(version)),
            (None, None, None) => None,
            (None, effective, known) => Some(Look::AsOf(AsOf {
                effective: effective.map_or(i64::MAX, Timestamp::micros),
                known: known.map(Timestamp::micros),
            })),
        };
        fields.all(|| Some(look))
    }
}

/// An aggregate as it was once.
///
/// # Errors
/// If the store fails, or an event cannot be read.
pub async fn look_back<A: EventSourced>(
    grid: &Grid<A>,
    tx: &mut Transaction,
    id: &A::Id,
    look: Look,
) -> Result<Versioned<A>, Error> {
    match look {
        Look::Version(version) => grid.repository().at_version(tx, id, version).await,
        Look::AsOf(at) => grid.repository().as_of(tx, id, at).await,
    }
}

/// What happened to an aggregate; `None` if there is none.
///
/// # Errors
/// If the store fails, or an event cannot be read.
pub async fn history<A>(grid: &Grid<A>, tx: &mut Transaction, id: &A::Id) -> Result<Option<History>, Error>
where
    A: EventSourced,
{
    let mut events = read::backward(tx, &Repository::<A>::stream(id)?, u64::MAX, MOST).await?;
    events.reverse();
    let events = events.iter().map(|event| happened(grid, event)).collect::<Result<Vec<_>, _>>()?;
    Ok(Some(History { events }).filter(|history| !history.events.is_empty()))
}

fn happened<A: EventSourced>(grid: &Grid<A>, event: &Recorded) -> Result<Happened, Error> {
    let today = grid.repository().read_of(event)?;
    Ok(Happened {
        version: event.version,
        event: event.kind.clone(),
        recorded_at: Timestamp::from_micros(event.recorded_at),
        effective_at: Timestamp::from_micros(event.effective_at),
        actor: event.metadata.actor.clone(),
        // What was read from JSON has a JSON form.
        data: serde_json::to_value(today).unwrap_or_default(),
    })
}

/// The answer of a style that keeps no past.
#[must_use]
pub fn no_past() -> Problem {
    Problem::not_implemented("This style keeps no past; ask the style `event-sourcing`.")
}
