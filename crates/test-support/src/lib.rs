//! Faults for tests, and nothing else's dependency.

pub mod unsynced;
