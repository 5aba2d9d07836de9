//! The warehouse service: what there is, what it costs, and how much of it is spoken for.

pub mod domain;

pub mod application;
pub mod corrections;
pub mod ledger;
pub mod policies;
pub mod store;
pub mod view;

pub mod http;
pub mod styles;

mod admin;
mod app;
mod config;

pub use app::App;
pub use config::{Config, Reach};
