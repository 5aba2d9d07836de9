//! The client-side commands against a stand-in for the system: its gateway, its admin port and its simulators, in memory.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, the stand-in that it is made of included"
)]

mod commands;
mod demo;
mod load;
mod one_thread;
mod openapi;
mod orders;
mod samples;
mod stand_in;
mod terminal;
mod verification;
