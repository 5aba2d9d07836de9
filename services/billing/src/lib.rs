//! The billing service.

pub mod domain;
