//! Faults for tests, and nothing else's dependency.

pub mod link;
pub mod namespace;
pub mod unsynced;
