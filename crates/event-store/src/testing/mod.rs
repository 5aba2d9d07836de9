//! What tests of ledgers, and of what is kept in them, are written with.

mod fixtures;
mod out_of_order;
mod shape;

pub use fixtures::replay_fixtures;
pub use out_of_order::{Naive, OutOfOrder, Skewed};
pub use shape::shape;
