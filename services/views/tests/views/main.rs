//! The query side through its ports, behind owners that are scripted or real, over in-memory connections and real database files.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that cannot go on fails the test that called it"
)]

mod bus;
mod over_a_ledger;
mod owners;
mod support;

mod answering;
mod freshness;
mod taking_in;

mod later;
mod rebuilding;

mod sql;
