//! Shows what the parts of a service count about themselves: they know nothing of Prometheus.

pub mod database;
