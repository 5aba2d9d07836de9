//! The parts, without a runtime.

#[cfg(mesh_shuttle)]
mod crowds;
#[cfg(any(mesh_loom, mesh_shuttle))]
mod interleavings;
#[cfg(not(any(mesh_loom, mesh_shuttle)))]
mod model;
#[cfg(not(any(mesh_loom, mesh_shuttle)))]
mod parts;
