#![doc = include_str!("../README.md")]

mod call;
mod clock;
pub mod controllers;
mod defaults;
pub mod faults;
mod fields;
mod merge;
pub mod refusal;
mod resource;
mod selector;
mod server;
mod store;
mod strategic;
mod validate;
mod verbs;
mod view;

pub use self::{
    clock::Clock,
    resource::Resource,
    server::{Body, Server},
    store::Landed,
    view::View,
};
