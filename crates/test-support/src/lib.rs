#![doc = include_str!("../README.md")]

pub mod collector;
pub mod decisions;
pub mod link;
pub mod namespace;
pub mod orderer;
pub mod owner;
pub mod postgres;
pub mod recording;
pub mod stage;
pub mod twins;
pub mod unsynced;
