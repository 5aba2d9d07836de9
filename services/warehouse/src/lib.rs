//! The warehouse service: what there is, what it costs, and how much of it is spoken for.

pub mod domain;
