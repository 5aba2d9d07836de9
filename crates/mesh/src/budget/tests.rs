//! The arithmetic without a clock: times are values.

#[cfg(not(any(mesh_loom, mesh_shuttle)))]
mod model;

#[cfg(mesh_shuttle)]
mod crowds;
#[cfg(any(mesh_loom, mesh_shuttle))]
mod interleavings;
