#![doc = include_str!("../README.md")]

mod cause;
mod entry;
mod record;
mod recording;
mod store;

pub use cause::{Cause, Origin, because, cause};
pub use entry::{Entry, Kind};
pub use record::{Record, note, note_about};
pub use recording::{Recording, event_name, execute, execute_all, note_change};
pub use store::{SCHEMA, STATEMENTS, Told, Written, forget, note_start, oldest, read, starts};
