//! The limit without a service: times and outcomes are values.

#[cfg(not(mesh_loom))]
mod gate;
#[cfg(not(mesh_loom))]
mod gradient;
#[cfg(not(mesh_loom))]
mod simulated;

#[cfg(mesh_loom)]
mod interleavings;
