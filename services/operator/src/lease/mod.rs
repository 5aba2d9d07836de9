//! Leadership: of several operators the one that holds the lease writes.
//!
//! A lease counts as expired when it has not changed for its duration *by the clock of whoever looks at it*, so that clocks need not agree.
//! Whoever holds it starts no write later than two thirds of its duration after the last renewal was *sent*. What was sent before that and
//! lands late meets a seal of the next leader.

mod decide;
mod keeper;
mod token;

pub use self::{
    decide::{Known, Step, decide},
    keeper::{Keeper, Options},
    token::Token,
};
