//! The crate as its users see it, every test with stores of its own.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "clippy takes the helpers of a test for something else than a test"
)]

mod appending;
mod crashes;
mod fencing;
mod grid;
mod model;
mod out_of_order;
mod postgres;
mod reading;
mod repository;
mod sharing;
mod snapshots;
mod subscriptions;
mod tab;
mod unsynced;
mod upcasting;
mod world;
