//! The system's own file, on which an overlay lies.
#![expect(unsafe_code, reason = "SQLite calls a storage layer through C function pointers")]

use std::ffi::{c_int, c_void};

use rusqlite::ffi::{
    SQLITE_FCNTL_CHUNK_SIZE, SQLITE_FCNTL_MMAP_SIZE, SQLITE_FCNTL_SIZE_HINT, SQLITE_IOCAP_BATCH_ATOMIC,
    SQLITE_IOERR, SQLITE_NOTFOUND, SQLITE_OK, sqlite3_file, sqlite3_io_methods,
};

use super::{file::system_file, overlay::Disk};

/// What a function answers that the system does not have.
pub(super) const NO_FUNCTION: c_int = SQLITE_IOERR;

/// Calls a function of the system's file, which must be open, with arguments as SQLite gives them; answers
/// `absent` if there is no such function.
macro_rules! call {
    ($file:expr, $function:ident($($argument:expr),*), $absent:expr) => {{
        let file: *mut sqlite3_file = $file;
        match (*(*file).pMethods).$function {
            Some(function) => function(file, $($argument),*),
            None => $absent,
        }
    }};
}

/// A file that the system's own storage layer has opened.
pub(super) struct SystemFile(*mut sqlite3_file);

impl SystemFile {
    /// # Safety
    /// The file is open for as long as this is used.
    pub(super) const unsafe fn new(file: *mut sqlite3_file) -> Self {
        Self(file)
    }

    pub(super) fn size(&self) -> Result<u64, c_int> {
        let mut size = 0;
        // SAFETY: the file is open, and there is a place for the answer.
        done(unsafe { call!(self.0, xFileSize(&raw mut size), NO_FUNCTION) })?;
        u64::try_from(size).map_err(|_| SQLITE_IOERR)
    }

    pub(super) fn sync(&self, flags: c_int) -> Result<(), c_int> {
        // SAFETY: the file is open.
        done(unsafe { call!(self.0, xSync(flags), NO_FUNCTION) })
    }

    pub(super) fn close(self) -> c_int {
        // SAFETY: the file is open, and nobody can use it any more.
        unsafe { call!(self.0, xClose(), NO_FUNCTION) }
    }
}

impl Disk for SystemFile {
    type Error = c_int;

    fn read(&mut self, at: u64, into: &mut [u8]) -> Result<(), c_int> {
        let (offset, length) = range(at, into.len())?;
        // SAFETY: the file is open, and `into` has room for so many bytes.
        done(unsafe { call!(self.0, xRead(into.as_mut_ptr().cast(), length, offset), NO_FUNCTION) })
    }

    fn write(&mut self, at: u64, bytes: &[u8]) -> Result<(), c_int> {
        let (offset, length) = range(at, bytes.len())?;
        // SAFETY: the file is open, and there are so many bytes.
        done(unsafe { call!(self.0, xWrite(bytes.as_ptr().cast(), length, offset), NO_FUNCTION) })
    }

    fn resize(&mut self, size: u64) -> Result<(), c_int> {
        let (size, _) = range(size, 0)?;
        // SAFETY: the file is open.
        done(unsafe { call!(self.0, xTruncate(size), NO_FUNCTION) })
    }
}

/// What is not about a file's contents is the system's business.
pub(super) const METHODS: sqlite3_io_methods = sqlite3_io_methods {
    // The third version adds memory maps, which would show the file without its overlay.
    iVersion: 2,
    xClose: None,
    xRead: None,
    xWrite: None,
    xTruncate: None,
    xSync: None,
    xFileSize: None,
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// Functions that SQLite calls with an open file, and that hand the call on to the system's own.
macro_rules! hand_on {
    ($($name:ident = $function:ident($($argument:ident: $type:ty),*) -> $answer:ty, or $absent:expr;)*) => {$(
        unsafe extern "C" fn $name(file: *mut sqlite3_file $(, $argument: $type)*) -> $answer {
            // SAFETY: SQLite gives an open file, in which the system's own is open, and the right arguments.
            unsafe { call!(system_file(file), $function($($argument),*), $absent) }
        }
    )*};
}

hand_on! {
    lock = xLock(level: c_int) -> c_int, or NO_FUNCTION;
    unlock = xUnlock(level: c_int) -> c_int, or NO_FUNCTION;
    check_reserved_lock = xCheckReservedLock(answer: *mut c_int) -> c_int, or NO_FUNCTION;
    control = xFileControl(what: c_int, argument: *mut c_void) -> c_int, or SQLITE_NOTFOUND;
    sector_size = xSectorSize() -> c_int, or 0;
    characteristics = xDeviceCharacteristics() -> c_int, or 0;
    shm_map = xShmMap(region: c_int, size: c_int, extend: c_int, answer: *mut *mut c_void) -> c_int, or NO_FUNCTION;
    shm_lock = xShmLock(offset: c_int, count: c_int, flags: c_int) -> c_int, or NO_FUNCTION;
    shm_barrier = xShmBarrier() -> (), or ();
    shm_unmap = xShmUnmap(delete: c_int) -> c_int, or NO_FUNCTION;
}

unsafe extern "C" fn file_control(file: *mut sqlite3_file, what: c_int, argument: *mut c_void) -> c_int {
    match what {
        // These would let the file on disk grow, or map it.
        SQLITE_FCNTL_SIZE_HINT | SQLITE_FCNTL_CHUNK_SIZE | SQLITE_FCNTL_MMAP_SIZE => SQLITE_NOTFOUND,
        // SAFETY: the arguments are SQLite's own.
        _ => unsafe { control(file, what, argument) },
    }
}

unsafe extern "C" fn device_characteristics(file: *mut sqlite3_file) -> c_int {
    // A batch that the file system writes at once would pass by the overlay.
    // SAFETY: the argument is SQLite's own.
    unsafe { characteristics(file) & !SQLITE_IOCAP_BATCH_ATOMIC }
}

/// An offset and a length as SQLite writes them.
fn range(at: u64, length: usize) -> Result<(i64, c_int), c_int> {
    let too_large = |_| SQLITE_IOERR;
    Ok((i64::try_from(at).map_err(too_large)?, c_int::try_from(length).map_err(too_large)?))
}

const fn done(code: c_int) -> Result<(), c_int> {
    if code == SQLITE_OK { Ok(()) } else { Err(code) }
}
