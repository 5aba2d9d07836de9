#![doc = include_str!("../README.md")]

pub mod commands;
pub mod config;
pub mod doubles;
pub mod platform;

pub mod ids;
pub mod network;

pub mod context;
pub mod timeline;
pub mod trace;

pub mod extract;
pub mod problem;

pub mod alone;
pub mod edge;
pub mod limits;
pub mod server;
pub mod service;

pub mod admin;
pub mod backlog;
pub mod client;
pub mod dead_letters;
mod mesh;
pub mod webhook;

pub mod cause;
pub mod changes;
pub mod idempotency;
pub mod intake;
pub mod metrics;
pub mod obligations;
pub mod observe;
pub mod panics;
pub mod readiness;
pub mod relay;
pub mod republish;
pub mod retention;
pub mod shutdown;
pub mod tasks;
pub mod telemetry;
pub mod traces;

#[cfg(test)]
mod testing;
