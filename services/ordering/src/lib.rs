//! The ordering service: what is ordered, and how far it has come.

pub mod domain;
pub mod process;

pub mod application;
pub mod catalogue;
pub mod error;
pub mod ledger;
pub mod policies;
pub mod store;
pub mod view;

mod admin;
mod book;
pub mod http;
pub mod styles;

mod app;
mod config;

pub use app::{App, SCHEMAS, STATEMENTS};
pub use config::{Config, Endpoints, Reach};
