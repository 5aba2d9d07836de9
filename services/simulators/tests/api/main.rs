//! The simulators as their callers and their scripters see them: over HTTP.
//!
//! Most run on one thread and in memory, with the clock paused: nothing real is waited for, so latencies and deadlines cost
//! no time.

mod faults;
mod hold;
mod ledger;
#[cfg(test)] // which it is anyway, but so the lints know that helpers may unwrap
mod rig;
mod scripts;
mod survival;
mod systems;
