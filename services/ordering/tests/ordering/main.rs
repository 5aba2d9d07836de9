//! The ordering service through its ports, in both styles, between scripted participants: over in-memory connections
//! and a real database file, in time that is simulated.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that cannot go on fails the test that called it"
)]

mod support;

mod api;
mod choreographed;
mod process;
mod reacting;

mod isolation;
mod system;
mod timeline;
mod together;

mod admin;
mod configuring;
mod replicas;
mod retention;

mod event_lists;
mod ledger_lists;
mod rows;
mod sql;
