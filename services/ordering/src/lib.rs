//! The ordering service: what is ordered, and how far it has come.

pub mod domain;
