//! The process of an order, by the same scenarios in both styles.

mod asking;
mod outcomes;

mod cancelling;
mod paying;

mod restarts;
mod unreliable;

mod publishing;
mod replying;
