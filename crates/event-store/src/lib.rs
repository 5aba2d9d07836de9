#![doc = include_str!("../README.md")]

pub mod append;
mod causes;
pub mod changes;
mod event;
pub mod grid;
mod ledger;
pub mod log;
pub mod read;
pub mod repository;
pub mod schema;
pub mod snapshots;
pub mod stream;
pub mod subscription;
pub mod testing;
pub mod types;
pub mod watermark;

pub use append::{Append, Appended, Expected, Writer};
pub use event::{Invalid, MAX_DATA, MAX_METADATA, MAX_TYPE, Metadata, NewEvent, Recorded};
pub use grid::Grid;
pub use ledger::Ledger;
pub use log::{Filter, Log, Page, Partitions};
pub use read::AsOf;
pub use repository::{EventSourced, Repository};
pub use schema::{SCHEMA, STATEMENTS};
pub use stream::{InvalidName, StreamName};
pub use subscription::{Handler, HandlerError, Subscription};
pub use types::{EventTypes, NotUpcast};
