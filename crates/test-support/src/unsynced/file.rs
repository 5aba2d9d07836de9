//! What SQLite does with the contents of an open file goes to the file's overlay.
#![expect(unsafe_code, reason = "SQLite calls a storage layer through C function pointers")]

use std::{
    ffi::{CStr, CString, c_int, c_void},
    ptr, slice,
};

use rusqlite::ffi::{
    SQLITE_CANTOPEN, SQLITE_IOERR, SQLITE_IOERR_SHORT_READ, SQLITE_OK, sqlite3_file, sqlite3_io_methods,
};

use super::{
    files::{self, SharedOverlay},
    outage,
    system::{self, SystemFile},
};

/// An open file. The system's own follows it in memory.
#[repr(C)]
struct File {
    /// SQLite looks here for the functions.
    base: sqlite3_file,
    name: CString,
    overlay: SharedOverlay,
}

/// How many bytes an open file takes, if the system's own takes `system`.
pub(super) const fn size(system: c_int) -> c_int {
    size_of::<File>() as c_int + system
}

/// Where the system's own file is.
///
/// # Safety
/// `file` points to room for [`size`] bytes.
pub(super) const unsafe fn system_file(file: *mut sqlite3_file) -> *mut sqlite3_file {
    // SAFETY: by the caller's promise it is still in the same room.
    unsafe { file.byte_add(size_of::<File>()) }
}

/// Opens the file of this full name; `open_system` opens the system's own at the place it is given.
///
/// # Safety
/// `file` points to room for [`size`] bytes, aligned for pointers, and `open_system` does what it says.
pub(super) unsafe fn open(
    file: *mut sqlite3_file,
    name: &CStr,
    open_system: impl FnOnce(*mut sqlite3_file) -> c_int,
) -> c_int {
    // A file without functions is one that could not be opened.
    // SAFETY: there is room.
    unsafe { (*file).pMethods = ptr::null() };
    if outage::is_away(name) {
        return SQLITE_CANTOPEN;
    }
    // SAFETY: there is room.
    let at = unsafe { system_file(file) };
    let error = open_system(at);
    if error != SQLITE_OK {
        return error;
    }
    // SAFETY: it has been opened, and is closed together with this file.
    let system = unsafe { SystemFile::new(at) };
    match files::open(name, || system.size()) {
        Ok(overlay) => {
            let base = sqlite3_file { pMethods: &raw const METHODS };
            let opened = File { base, name: name.to_owned(), overlay };
            // SAFETY: there is room.
            unsafe { file.cast::<File>().write(opened) };
            SQLITE_OK
        }
        Err(error) => {
            system.close();
            error
        }
    }
}

static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    ..system::METHODS
};

/// The overlay of an open file, and what it lies on.
///
/// # Errors
/// That of the disk, during an outage.
///
/// # Safety
/// The file was opened by [`open`], and is not closed meanwhile.
unsafe fn parts<'a>(file: *mut sqlite3_file) -> Result<(&'a SharedOverlay, SystemFile), c_int> {
    // SAFETY: `open` has written a `File` here, and the system's file behind it.
    let (file, system) = unsafe { (&*file.cast::<File>(), SystemFile::new(system_file(file))) };
    if outage::is_away(&file.name) { Err(SQLITE_IOERR) } else { Ok((&file.overlay, system)) }
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: SQLite gives an open file, and does not use it any more.
    let system = unsafe { SystemFile::new(system_file(file)) };
    // SAFETY: as above.
    unsafe { ptr::drop_in_place(file.cast::<File>()) };
    files::tidy();
    system.close()
}

unsafe extern "C" fn read(file: *mut sqlite3_file, into: *mut c_void, length: c_int, offset: i64) -> c_int {
    let (Ok(wanted), Ok(from)) = (usize::try_from(length), u64::try_from(offset)) else {
        return SQLITE_IOERR;
    };
    // SAFETY: SQLite gives room for so many bytes, which need not be initialised, and here are.
    let into = unsafe {
        into.write_bytes(0, wanted);
        slice::from_raw_parts_mut(into.cast(), wanted)
    };
    // SAFETY: SQLite gives an open file.
    let read =
        unsafe { parts(file) }.and_then(|(overlay, mut system)| overlay.lock().read(&mut system, from, into));
    match read {
        Ok(found) if found < wanted => SQLITE_IOERR_SHORT_READ,
        Ok(_) => SQLITE_OK,
        Err(error) => error,
    }
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    bytes: *const c_void,
    length: c_int,
    offset: i64,
) -> c_int {
    let (Ok(length), Ok(to)) = (usize::try_from(length), u64::try_from(offset)) else { return SQLITE_IOERR };
    // SAFETY: SQLite gives so many bytes.
    let bytes = unsafe { slice::from_raw_parts(bytes.cast(), length) };
    // SAFETY: SQLite gives an open file.
    let parts = unsafe { parts(file) };
    code(parts.and_then(|(overlay, mut system)| overlay.lock().write(&mut system, to, bytes)))
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, size: i64) -> c_int {
    let Ok(size) = u64::try_from(size) else { return SQLITE_IOERR };
    // SAFETY: SQLite gives an open file.
    let parts = unsafe { parts(file) };
    code(parts.map(|(overlay, _)| overlay.lock().resize(size)))
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: SQLite gives an open file.
    let parts = unsafe { parts(file) };
    code(parts.and_then(|(overlay, mut system)| {
        // Synced even if nothing had to be written: who wrote it through may not have synced it yet.
        overlay.lock().write_through(&mut system)?;
        system.sync(flags)
    }))
}

unsafe extern "C" fn file_size(file: *mut sqlite3_file, answer: *mut i64) -> c_int {
    // SAFETY: SQLite gives an open file.
    let parts = unsafe { parts(file) };
    let Ok(size) =
        parts.and_then(|(overlay, _)| i64::try_from(overlay.lock().size()).map_err(|_| SQLITE_IOERR))
    else {
        return SQLITE_IOERR;
    };
    // SAFETY: SQLite gives a place for the answer.
    unsafe { *answer = size };
    SQLITE_OK
}

fn code(done: Result<(), c_int>) -> c_int {
    done.map_or_else(|error| error, |()| SQLITE_OK)
}
