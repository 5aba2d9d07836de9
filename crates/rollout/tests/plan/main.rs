//! The rules of the core, a sentence each.

#![expect(clippy::panic, reason = "a world that does not do what a test says is a failed test")]

mod back_at_once;
mod evidence;
mod foreign_hands;
mod gates;
mod guarded_writes;
mod never_cut;
mod properties;
mod ready_first;
mod status;
mod walk;
mod way_back;
mod wish;
mod world;
