//! Carries a plan out: guarded writes, the status, and what is read from the API server itself.

mod hands;
mod merge;
mod outcome;
mod patch;
mod read;
mod term;

pub use self::{
    hands::Hands,
    outcome::{Ended, Outcome},
    term::Term,
};

/// As whom the operator writes.
pub const MANAGER: &str = "switchyard";
