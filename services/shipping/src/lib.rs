//! The shipping service: has an order's goods carried to its customer, and arbitrates cancel against dispatch.

pub mod domain;

pub mod application;
pub mod late;
pub mod store;
pub mod view;

pub mod booking;
pub mod carrier;

pub mod http;
pub mod styles;

mod app;
mod audit;
mod config;

pub use app::{App, BuildError};
pub use config::Config;
