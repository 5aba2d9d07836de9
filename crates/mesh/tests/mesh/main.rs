//! Each layer in front of a service that does as it is told.

mod allocations;
mod answer;
mod balance;
mod bulkhead;
mod circuit_breaker;
mod classify;
mod concurrency;
mod deadline;
mod discovery;
mod hedge;
mod rate_limit;
mod retry;
mod server;
mod stack;
mod telemetry;
mod timeout;
mod tonic;
mod until;
mod upstream;
