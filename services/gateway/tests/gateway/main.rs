//! The gateway before stand-ins for the services, over sockets in memory and a clock that stands still.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail by panicking, as tests do")]

mod composition;
mod docs;
mod events;
mod failures;
mod forwarding;
mod fuzz;
mod openapi;
mod rig;
mod styles;
mod timeline;
mod valuable;
