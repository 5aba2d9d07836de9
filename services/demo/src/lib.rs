#![doc = include_str!("../README.md")]

pub mod app;
pub mod config;

pub mod faults;
pub mod http;

pub use app::App;
pub use config::Config;
pub use faults::{Faults, Trouble};
