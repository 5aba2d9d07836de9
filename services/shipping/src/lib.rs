//! The shipping service: has an order's goods carried to its customer, and arbitrates cancel against dispatch.

pub mod domain;

pub mod application;
pub mod ledger;
pub mod policies;
pub mod store;
pub mod view;

pub mod booking;
pub mod carrier;

pub mod http;
pub mod styles;

pub mod audit;

mod app;
mod config;

pub use app::{App, SCHEMAS};
pub use config::{Config, Reach};
