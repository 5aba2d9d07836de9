//! The demo as its clients, its operator and its cluster see it: over HTTP.
//!
//! All run in memory with the clock paused: nothing real is waited for.

mod answers;
mod faults;
#[cfg(test)]
mod http2;
#[cfg(test)] // which it is anyway, but so the lints know that helpers may unwrap
mod rig;
mod stopping;
