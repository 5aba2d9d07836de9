#![doc = include_str!("../README.md")]

mod command_line;
mod run;

pub mod intent;
pub mod wait;

pub mod picture;

pub mod check;

pub mod explain;
pub mod history;
pub mod list;

mod completion;

mod cluster;
mod console;
pub mod failure;
mod output;
pub mod text;

#[cfg(test)]
mod testing;

pub use self::{
    cluster::Cluster,
    command_line::CommandLine,
    completion::{COMPLETER, complete},
    console::Console,
    failure::{Exit, Failure},
};
