//! A saga with every kind of step, and a store in a temporary directory.

use database::{Clock, Database, Options};
use saga::{Definition, Role, StepSpec};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Step {
    Credit,
    Stock,
    Ship,
    TakeOut,
    Bill,
    Settle,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Purchase;

impl Definition for Purchase {
    const NAME: &'static str = "purchase";
    const VERSION: u32 = 1;
    type Step = Step;

    fn steps() -> &'static [StepSpec<Step>] {
        use Role::{Compensatable, Pivot, Retriable};
        &[
            StepSpec { step: Step::Credit, after: &[], role: Compensatable },
            StepSpec { step: Step::Stock, after: &[Step::Credit], role: Compensatable },
            StepSpec { step: Step::Ship, after: &[Step::Stock], role: Pivot },
            StepSpec { step: Step::TakeOut, after: &[Step::Ship], role: Retriable },
            StepSpec { step: Step::Bill, after: &[Step::Ship], role: Retriable },
            StepSpec { step: Step::Settle, after: &[Step::Bill], role: Retriable },
        ]
    }
}

pub(crate) fn store() -> (TempDir, Database) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let db = open(&directory);
    (directory, db)
}

pub(crate) fn open(directory: &TempDir) -> Database {
    open_at(directory, Clock::system())
}

/// A store whose time is that of this clock.
pub(crate) fn store_at(clock: Clock) -> (TempDir, Database) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let db = open_at(&directory, clock);
    (directory, db)
}

fn open_at(directory: &TempDir, clock: Clock) -> Database {
    let schemas = [saga::SCHEMA, saga::tasks::SCHEMA, journal::SCHEMA, database::leases::SCHEMA];
    let options = Options { clock, ..Options::default() };
    Database::open(&directory.path().join("store.sqlite3"), &schemas, options).expect("a store")
}
