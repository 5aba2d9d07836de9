#![doc = include_str!("../README.md")]

pub mod recorder;

mod context;
mod span;

pub use context::{Malformed, Trace};
pub use span::{about, child_of, current, link, recorded, recorded_from};
