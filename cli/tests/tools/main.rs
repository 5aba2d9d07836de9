//! The client-side commands against a stand-in for the system: its gateway, its admin port and its simulators, in memory.

mod commands;
mod orders;
mod samples;
mod stand_in;
mod terminal;
mod verification;
