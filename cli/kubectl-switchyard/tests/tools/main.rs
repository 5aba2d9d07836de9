//! The plugin as its users have it: typed, and seen by what it writes and shows. Against an API server in memory, by the
//! program itself, and, where KUBECONFIG names a cluster, against a real API server.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, the server that it is made of included")]

mod program;
mod real;
mod shop;
mod terminal;
mod verbs;
mod waiting;
