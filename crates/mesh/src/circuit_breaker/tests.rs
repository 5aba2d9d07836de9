//! The breaker without a service: times and outcomes are values.

#[cfg(not(any(mesh_loom, mesh_shuttle)))]
mod model;
#[cfg(not(any(mesh_loom, mesh_shuttle)))]
mod parts;

#[cfg(mesh_shuttle)]
mod crowds;
#[cfg(any(mesh_loom, mesh_shuttle))]
mod interleavings;
