//! The histogram without a service.

#[cfg(not(mesh_loom))]
mod histogram;
#[cfg(mesh_loom)]
mod interleavings;
