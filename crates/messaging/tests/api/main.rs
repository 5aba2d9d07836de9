//! The crate as its users see it, every test with stores of its own.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail by panicking, as tests do")]

mod audit;
mod consumer;
mod crashes;
mod dead_letters;
mod embedded;
mod enriching;
mod faulty;
mod observe;
mod outbox;
mod parking;
mod publishing;
mod retention;
mod sharing;
mod together;
mod traces;
mod versions;
mod world;
