#![doc = include_str!("../README.md")]

pub mod callbacks;
pub mod copies;
pub mod facts;
pub mod policy;
pub mod reactor;
pub mod reports;

pub use facts::{Facts, Needs, Source};
pub use policy::{Policy, on};
pub use reactor::{Reactor, Reacts};
pub use reports::{Reporter, Reports};
