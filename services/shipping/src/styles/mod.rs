//! How the service is reached by the others, and how it answers them: the only place where two styles differ.

pub mod messaging;
pub mod rest;
