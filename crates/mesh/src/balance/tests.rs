//! The parts, without a runtime.

#[cfg(mesh_loom)]
mod interleavings;
#[cfg(not(mesh_loom))]
mod model;
#[cfg(not(mesh_loom))]
mod parts;
