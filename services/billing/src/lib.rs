//! The billing service: writes an order's invoice, mails it, and collects the money, once.

pub mod domain;

pub mod application;
pub mod audit;
pub mod ledger;
pub mod policies;
pub mod store;
pub mod view;

pub mod charging;
pub mod mailing;
pub mod outside;

pub mod http;
pub mod styles;

mod app;
mod config;

pub use app::{App, SCHEMAS};
pub use config::{Config, Reach};
