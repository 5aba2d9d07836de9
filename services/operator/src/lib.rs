#![doc = include_str!("../README.md")]

pub mod apply;
pub mod cache;
pub mod client;
pub mod clock;
pub mod config;
pub mod controller;
pub mod drains;
mod error;
pub mod fetch;
pub mod gates;
pub mod http;
pub mod index;
pub mod key;
pub mod lease;
pub mod metrics;
pub mod news;
pub mod observe;
pub mod operator;
pub mod pods;
pub mod resources;
pub mod telemetry;
#[cfg(test)]
mod testing;

pub use self::{
    clock::Clock,
    config::Config,
    operator::{Operator, Options},
};
