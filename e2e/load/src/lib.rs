#![doc = include_str!("../README.md")]

mod connection;
mod control;
mod journal;
mod pace;
mod pool;
mod request;
mod target;
mod wait;

pub use self::{
    control::serve,
    journal::{Journal, Totals},
    pace::{Load, Rates},
    request::{Failure, Mode, Request},
    target::{Settings, Target},
    wait::all_answer,
};
