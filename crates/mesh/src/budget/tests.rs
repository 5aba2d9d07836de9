//! The arithmetic without a clock: times are values.

#[cfg(not(mesh_loom))]
mod model;

#[cfg(mesh_loom)]
mod interleavings;
