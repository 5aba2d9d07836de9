//! The operator, for one cluster or for one namespace.

fn main() {}
