//! The limit without a service: times and outcomes are values.

#[cfg(not(any(mesh_loom, mesh_shuttle)))]
mod gate;
#[cfg(not(any(mesh_loom, mesh_shuttle)))]
mod gradient;
#[cfg(not(any(mesh_loom, mesh_shuttle)))]
mod simulated;

#[cfg(mesh_shuttle)]
mod crowds;
#[cfg(any(mesh_loom, mesh_shuttle))]
mod interleavings;
