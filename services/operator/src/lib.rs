#![doc = include_str!("../README.md")]

pub mod apply;
pub mod cache;
pub mod client;
pub mod clock;
pub mod config;
pub mod controller;
mod error;
pub mod index;
pub mod key;
pub mod lease;
pub mod observe;
pub mod operator;
pub mod resources;

pub use self::{
    clock::Clock,
    config::Config,
    operator::{Operator, Options},
};
