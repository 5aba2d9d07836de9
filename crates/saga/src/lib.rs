#![doc = include_str!("../README.md")]

mod definition;
mod observe;
mod progress;
mod store;

mod runner;
pub mod tasks;
pub mod testing;

pub use definition::{Definition, Role, StepSpec};
pub use observe::{Event, Observer};
pub use progress::{Direction, Effect, Input, Move, Phase, Progress, StepState};
pub use runner::{Advanced, Ask, Asking, Error, Runner, Told, ask_id, move_name};
pub use store::{
    Instance, LogEntry, SCHEMA, STATEMENTS, Summary, forget, log, oldest_finished, oldest_unfinished,
    summary, unfinished, unfinished_by_phase,
};
