//! How often a call asks for memory.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use crate::measure::Subject;

/// The system's allocator, which counts for each thread how often it was asked. Counting costs every candidate the same, about a nanosecond
/// for each allocation.
pub(crate) struct Counting;

thread_local! {
    static ASKED: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    ASKED.set(ASKED.get().wrapping_add(1));
}

#[expect(unsafe_code, reason = "an allocator cannot be written without")]
// SAFETY: everything is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: as the caller says.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: as the caller says.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as the caller says.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the caller says.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Allocations and reallocations of this thread for one call, of as many as there are. What was there before is not counted.
pub(crate) fn per_call(subject: &mut Subject, count: u32) -> f64 {
    subject(count);
    let before = ASKED.get();
    subject(count);
    let asked = u32::try_from(ASKED.get().wrapping_sub(before)).unwrap_or(u32::MAX);
    f64::from(asked) / f64::from(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_box_is_counted_and_nothing_else() {
        let mut boxes: Subject = Box::new(|count| {
            for number in 0..count {
                drop(std::hint::black_box(Box::new(number)));
            }
        });
        assert_eq!(per_call(&mut boxes, 100), 1.0);
        let mut nothing: Subject = Box::new(|count| {
            std::hint::black_box(count);
        });
        assert_eq!(per_call(&mut nothing, 100), 0.0);
    }
}
