//! The breaker without a service: times and outcomes are values.

#[cfg(not(mesh_loom))]
mod model;
#[cfg(not(mesh_loom))]
mod parts;

#[cfg(mesh_loom)]
mod interleavings;
