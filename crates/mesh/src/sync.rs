//! What the lock-free parts are made of; loom's own where it looks for interleavings (`--cfg mesh_loom`), and shuttle's where that does (`--cfg mesh_shuttle`).

#[cfg(all(test, any(mesh_loom, mesh_shuttle)))]
pub(crate) mod model;

#[cfg(not(all(test, any(mesh_loom, mesh_shuttle))))]
pub(crate) use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicU64, fence},
};

#[cfg(all(test, mesh_loom))]
pub(crate) use loom::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicU64, fence},
};

#[cfg(all(test, mesh_shuttle))]
pub(crate) use shuttle::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicU64, fence},
};

/// What every call writes has a line of the cache to itself, so that nothing that calls only read has to be fetched anew for it.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Alone<T>(pub(crate) T);
