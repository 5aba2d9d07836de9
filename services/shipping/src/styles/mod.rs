//! How the service is reached by ordering, and how it answers: the only thing in which the styles differ.

pub mod rest;
