#![doc = include_str!("../../README.md")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that cannot go on fails the test that called it"
)]

mod client;
mod load;
mod patience;
mod process;
mod promise;
mod report;
mod shop;
mod story;
mod told;
mod world;

mod circuits;
mod disk;
mod kill;
mod measure;
mod metrics;
mod participants;
mod start;
mod traces;
