//! The proof that all styles are the same system: see the README.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that cannot go on fails the test that called it"
)]

mod canonical;
mod generate;
mod seeds;
mod shrink;
mod world;

mod acceptance;
mod concurrent;
mod faults;
mod oracle;
mod twins;
