#![doc = include_str!("../README.md")]

pub mod account;
mod clock;
mod connection;
mod database;
mod directory;
mod error;
mod failpoint;
mod inline;
pub mod leases;
mod options;
pub mod postgres_check;
mod reader;
mod row;
#[cfg(feature = "statements")]
mod runs;
mod schema;
mod statement;
mod stats;
mod threads;
mod transaction;
mod value;
mod work;
mod writer;

pub use clock::{Clock, ManualClock};
pub use database::Database;
pub use directory::DirectoryLock;
pub use error::{Cause, Error};
pub use failpoint::{Boundary, Failpoint, Fate};
pub use options::{Executor, Options};
pub use row::Row;
pub use schema::{Kind, Migration, Schema};
pub use statement::Statement;
pub use stats::{Health, Size, Spread, Stats};
pub use transaction::{BeforeCommit, Transaction};
pub use value::{FromColumn, ToParam, Value};

#[doc(hidden)]
pub use statement::made_by_the_macro;
