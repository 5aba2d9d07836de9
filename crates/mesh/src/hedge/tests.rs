//! The histogram without a service.

#[cfg(mesh_shuttle)]
mod crowds;
#[cfg(not(any(mesh_loom, mesh_shuttle)))]
mod histogram;
#[cfg(any(mesh_loom, mesh_shuttle))]
mod interleavings;
