//! A file of which the latest changes are in memory only.

use std::collections::BTreeMap;

/// The unit in which changes are kept. It need not be that of the database: SQLite's log has no pages.
const PAGE: u64 = 4096;

type Page = Box<[u8; PAGE as usize]>;

/// The file as it is on disk.
pub(super) trait Disk {
    /// Why it cannot be read or written.
    type Error;

    /// Fills `into` with what stands from `at` on; all of it is inside the file.
    fn read(&mut self, at: u64, into: &mut [u8]) -> Result<(), Self::Error>;

    /// Writes `bytes` from `at` on; the file grows if need be.
    fn write(&mut self, at: u64, bytes: &[u8]) -> Result<(), Self::Error>;

    /// Makes the file `size` bytes long: shorter, or longer by zeros.
    fn resize(&mut self, size: u64) -> Result<(), Self::Error>;
}

/// What has changed since the file was last written through.
#[derive(Debug)]
pub(super) struct Overlay {
    size: u64,
    /// How long the file on disk is.
    on_disk: u64,
    /// How much of the file on disk still counts: what follows was cut off, though a later write may have made
    /// the file longer again.
    kept: u64,
    /// The changed pages by number. Beyond the file's end they are zero.
    pages: BTreeMap<u64, Page>,
}

impl Overlay {
    /// No change to a file of this many bytes.
    pub(super) const fn unchanged(size: u64) -> Self {
        Self { size, on_disk: size, kept: size, pages: BTreeMap::new() }
    }

    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn is_unchanged(&self) -> bool {
        self.pages.is_empty() && self.size == self.on_disk && self.kept == self.on_disk
    }

    /// Fills `into` with what stands from `at` on, zeros after the end, and tells how many bytes are inside.
    pub(super) fn read<D: Disk>(&self, disk: &mut D, at: u64, into: &mut [u8]) -> Result<usize, D::Error> {
        let mut done = 0;
        for Part { page, offset, length } in parts(at, into.len()) {
            let part = &mut into[done..done + length];
            match self.pages.get(&page) {
                Some(bytes) => part.copy_from_slice(&bytes[offset..offset + length]),
                None => self.read_kept(disk, page * PAGE + offset as u64, part)?,
            }
            done += length;
        }
        Ok(clamped(self.size.saturating_sub(at), into.len()))
    }

    /// Changes what stands from `at` on.
    pub(super) fn write<D: Disk>(&mut self, disk: &mut D, at: u64, bytes: &[u8]) -> Result<(), D::Error> {
        let mut done = 0;
        for Part { page, offset, length } in parts(at, bytes.len()) {
            if !self.pages.contains_key(&page) {
                let mut before = Box::new([0; PAGE as usize]);
                self.read_kept(disk, page * PAGE, &mut before[..])?;
                self.pages.insert(page, before);
            }
            if let Some(changed) = self.pages.get_mut(&page) {
                changed[offset..offset + length].copy_from_slice(&bytes[done..done + length]);
            }
            done += length;
        }
        self.size = self.size.max(at + bytes.len() as u64);
        Ok(())
    }

    /// Makes the file `size` bytes long: shorter, or longer by zeros.
    pub(super) fn resize(&mut self, size: u64) {
        self.size = size;
        self.kept = self.kept.min(size);
        self.pages.retain(|page, _| page * PAGE < size);
        if let Some(last) = self.pages.get_mut(&(size / PAGE)) {
            last[clamped(size % PAGE, PAGE as usize)..].fill(0);
        }
    }

    /// Writes every change to the disk. After an error all of them are still there to be written again.
    pub(super) fn write_through<D: Disk>(&mut self, disk: &mut D) -> Result<(), D::Error> {
        if self.kept < self.on_disk {
            disk.resize(self.kept)?;
            self.on_disk = self.kept;
        }
        for (page, bytes) in &self.pages {
            let at = page * PAGE;
            let length = clamped(self.size - at, bytes.len());
            disk.write(at, &bytes[..length])?;
            self.on_disk = self.on_disk.max(at + length as u64);
        }
        if self.on_disk < self.size {
            disk.resize(self.size)?;
        }
        *self = Self::unchanged(self.size);
        Ok(())
    }

    /// Reads what has not changed: the disk as far as it counts, then zeros.
    fn read_kept<D: Disk>(&self, disk: &mut D, at: u64, into: &mut [u8]) -> Result<(), D::Error> {
        let inside = clamped(self.kept.saturating_sub(at), into.len());
        let (kept, beyond) = into.split_at_mut(inside);
        beyond.fill(0);
        if kept.is_empty() { Ok(()) } else { disk.read(at, kept) }
    }
}

/// What of a page lies in a range.
struct Part {
    page: u64,
    offset: usize,
    length: usize,
}

/// The pages of a range, in order.
fn parts(at: u64, length: usize) -> impl Iterator<Item = Part> {
    let end = at + length as u64;
    (at / PAGE..end.div_ceil(PAGE)).map(move |page| {
        let (from, to) = (at.max(page * PAGE), end.min((page + 1) * PAGE));
        Part { page, offset: (from % PAGE) as usize, length: (to - from) as usize }
    })
}

/// As many of `bytes` as fit into `room`.
fn clamped(bytes: u64, room: usize) -> usize {
    usize::try_from(bytes).map_or(room, |bytes| bytes.min(room))
}

#[cfg(test)]
mod tests;
