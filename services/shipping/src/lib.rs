//! The shipping service.

pub mod domain;
