//! What SQLite asks about files by name: the system's own answers, except where an overlay knows better.
#![expect(unsafe_code, reason = "SQLite calls a storage layer through C function pointers")]

use std::{
    ffi::{CStr, c_char, c_int},
    ptr,
    sync::{Once, OnceLock},
};

use rusqlite::ffi::{
    SQLITE_ACCESS_EXISTS, SQLITE_OK, SQLITE_OPEN_DELETEONCLOSE, SQLITE_OPEN_MAIN_DB,
    SQLITE_OPEN_MAIN_JOURNAL, SQLITE_OPEN_WAL, sqlite3_file, sqlite3_filename, sqlite3_vfs, sqlite3_vfs_find,
    sqlite3_vfs_register,
};

use super::{file, files, system::NO_FUNCTION};

/// The files that must survive a crash, and hence have an overlay. The others are temporary.
const DURABLE: c_int = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL;

/// Makes this the storage layer of every connection that the process opens from now on.
///
/// # Panics
/// If this build of SQLite has no storage layer to stand on.
pub fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // SAFETY: null asks for the default, and whatever is answered SQLite never frees.
        let system = unsafe { sqlite3_vfs_find(ptr::null()) };
        assert!(!system.is_null(), "this build of SQLite has no storage layer");
        assert!(SYSTEM.set(System(system)).is_ok(), "it is set only here, once");
        // SAFETY: it is not null and points to what SQLite registered.
        let copy = unsafe { *system };
        // What the system's functions look for in it, `pAppData` say, is in the copy as well.
        let vfs = Box::leak(Box::new(sqlite3_vfs {
            szOsFile: file::size(copy.szOsFile),
            pNext: ptr::null_mut(),
            zName: c"unsynced".as_ptr(),
            xOpen: Some(open),
            xDelete: Some(delete),
            xAccess: Some(access),
            ..copy
        }));
        // SAFETY: all its functions are there, and what is leaked lives as long as the process.
        let registered = unsafe { sqlite3_vfs_register(vfs, 1) };
        assert_eq!(registered, SQLITE_OK, "SQLite refuses the storage layer");
    });
}

/// The storage layer on which this one stands.
#[derive(Debug)]
struct System(*mut sqlite3_vfs);

// SAFETY: SQLite itself calls a storage layer from many threads, and it is not changed after it was registered.
unsafe impl Send for System {}
// SAFETY: as above.
unsafe impl Sync for System {}

static SYSTEM: OnceLock<System> = OnceLock::new();

fn system() -> *mut sqlite3_vfs {
    SYSTEM.get().expect("it is set before SQLite hears of this layer").0
}

unsafe extern "C" fn open(
    _: *mut sqlite3_vfs,
    name: sqlite3_filename,
    at: *mut sqlite3_file,
    flags: c_int,
    flags_out: *mut c_int,
) -> c_int {
    let open = |at: *mut sqlite3_file| {
        // SAFETY: `system` is registered, and so has the function; the arguments are SQLite's own, but for
        // `at`, which has room for a file of the system's wherever it is called.
        unsafe { (*system()).xOpen.map_or(NO_FUNCTION, |open| open(system(), name, at, flags, flags_out)) }
    };
    if name.is_null() || flags & DURABLE == 0 || flags & SQLITE_OPEN_DELETEONCLOSE != 0 {
        return open(at);
    }
    // SAFETY: it is not null, and SQLite gives a string that outlives the open file.
    let name = unsafe { CStr::from_ptr(name) };
    // SAFETY: SQLite gives room for `szOsFile` bytes.
    unsafe { file::open(at, name, open) }
}

unsafe extern "C" fn delete(_: *mut sqlite3_vfs, name: *const c_char, sync_directory: c_int) -> c_int {
    // SAFETY: SQLite gives a string.
    files::delete(unsafe { CStr::from_ptr(name) });
    // SAFETY: `system` is registered, and so has the function; the arguments are SQLite's own.
    unsafe { (*system()).xDelete.map_or(NO_FUNCTION, |delete| delete(system(), name, sync_directory)) }
}

unsafe extern "C" fn access(
    _: *mut sqlite3_vfs,
    name: *const c_char,
    flags: c_int,
    answer: *mut c_int,
) -> c_int {
    // SAFETY: SQLite gives a string.
    let known = files::size(unsafe { CStr::from_ptr(name) });
    if let (SQLITE_ACCESS_EXISTS, Some(size)) = (flags, known) {
        // As the system's own does, an empty file is taken for none.
        // SAFETY: SQLite gives a place for the answer.
        unsafe { *answer = c_int::from(size > 0) };
        return SQLITE_OK;
    }
    // SAFETY: `system` is registered, and so has the function; the arguments are SQLite's own.
    unsafe { (*system()).xAccess.map_or(NO_FUNCTION, |access| access(system(), name, flags, answer)) }
}
