#![doc = include_str!("../README.md")]

pub mod projection;

pub mod ingest;
pub mod projector;
pub mod store;

pub mod lag;
pub mod rebuild;

pub mod http;

mod admin;
mod app;
pub mod config;
mod follow;
mod ledger;

pub use app::App;
pub use config::{Config, Feed, Owners};
