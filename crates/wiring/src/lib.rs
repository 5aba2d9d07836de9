#![doc = include_str!("../README.md")]

mod choreographed;
mod orchestrated;
mod reach;
mod wired;

pub use choreographed::{choreographed, event_sourced};
pub use orchestrated::{messaging, rest};
pub use reach::Reach;
pub use wired::{Aggregates, Assembly, Wired};
