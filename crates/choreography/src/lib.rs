#![doc = include_str!("../README.md")]

pub mod callbacks;
pub mod content;
pub mod copies;
pub mod facts;
mod follow;
pub mod ledger;
pub mod means;
pub mod participant;
pub mod policy;
pub mod reactor;
pub mod reports;

pub use callbacks::Callbacks;
pub use content::{Notice, State};
pub use copies::Copies;
pub use facts::{Facts, Needs, Source};
pub use follow::follow;
pub use means::{Kept, Means, Topics, react};
pub use participant::{ByPolicy, Participant, Reaction};
pub use policy::{Policy, on};
pub use reactor::{Reactor, Reacts, about_order};
pub use reports::{Reporter, Reports};
