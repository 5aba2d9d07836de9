//! Sagas and their tasks over a real store.

mod engine;
mod observe;
mod retention;
mod support;
mod tasks;
mod traces;
