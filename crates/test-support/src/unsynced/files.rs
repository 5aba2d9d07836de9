//! The overlays of this process, shared by all who have the same file open.

use std::{
    collections::HashMap,
    ffi::{CStr, CString},
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
};

use super::overlay::Overlay;

static FILES: LazyLock<Mutex<HashMap<CString, SharedOverlay>>> = LazyLock::new(Mutex::default);

/// The overlay of a file. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct SharedOverlay(Arc<Mutex<Overlay>>);

impl SharedOverlay {
    pub(super) fn lock(&self) -> MutexGuard<'_, Overlay> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The overlay of the file of this full name: that which others use already, or a new one.
///
/// # Errors
/// That of `size`, which tells how long the file on disk is.
pub(super) fn open<E>(name: &CStr, size: impl FnOnce() -> Result<u64, E>) -> Result<SharedOverlay, E> {
    let mut files = files();
    if let Some(overlay) = files.get(name) {
        return Ok(overlay.clone());
    }
    let overlay = SharedOverlay(Arc::new(Mutex::new(Overlay::unchanged(size()?))));
    files.insert(name.to_owned(), overlay.clone());
    Ok(overlay)
}

/// Forgets the overlays that nobody uses and that hold nothing: as with a page cache, what was written to a
/// file and not synced is still there after everybody has closed it.
pub(super) fn tidy() {
    files().retain(|_, overlay| Arc::strong_count(&overlay.0) > 1 || !overlay.lock().is_unchanged());
}

/// Forgets what was written to a file that is deleted. Who has it open keeps it.
pub(super) fn delete(name: &CStr) {
    files().remove(name);
}

/// How long a file is, if it has an overlay.
pub(super) fn size(name: &CStr) -> Option<u64> {
    files().get(name).map(|overlay| overlay.lock().size())
}

fn files() -> MutexGuard<'static, HashMap<CString, SharedOverlay>> {
    FILES.lock().unwrap_or_else(PoisonError::into_inner)
}
