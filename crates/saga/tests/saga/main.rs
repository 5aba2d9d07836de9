//! Sagas and their tasks over a real store.

mod engine;
mod support;
mod tasks;
