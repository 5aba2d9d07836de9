//! The `switchyard` command: the whole system in one process, and the tools to use it.
//!
//! [`CommandLine`] is what can be typed, and every command has a module of its own. [`up`] runs the system; all others are its
//! clients: they know it by its two ports alone, the gateway's and the operators' ([`remote`]), and could run anywhere.

mod command_line;

pub mod up;

pub mod load;
pub mod order;
pub mod workload;

pub mod audit;
pub mod verify;

pub mod dead_letters;
pub mod doctor;
pub mod rebuild;
pub mod saga;
pub mod simulators;
pub mod trace;

pub mod remote;

pub mod console;
pub mod failure;

pub mod styles;

mod apps;
mod demo;
mod durations;
mod write;

#[cfg(test)]
mod testing;

pub use command_line::CommandLine;

/// Which build of the command this is: that of `up`'s system too.
pub const BUILD: chassis::platform::BuildInfo = chassis::platform::BuildInfo::of(option_env!("COMMIT"));
