//! The customers service: who may order, and on how much credit.

pub mod domain;
