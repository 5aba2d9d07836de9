//! Lanes, so that threads that count at the same time do not write to the same place.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

/// There are never more.
pub(crate) const MOST: usize = 8;

/// How many lanes this machine is worth: one per processor, as a power of two.
pub(crate) fn worthwhile() -> usize {
    thread::available_parallelism().map_or(1, usize::from).next_power_of_two().min(MOST)
}

/// This thread's lane, from 0 to less than [`MOST`]. Threads that live at the same time have lanes of their own for as long as there are any.
#[inline]
pub(crate) fn of_this_thread() -> usize {
    NUMBER.try_with(|number| number.0).unwrap_or_default() % MOST
}

thread_local! {
    static NUMBER: Number = Number::take();
}

/// A bit for each number that a thread has.
static TAKEN: AtomicU64 = AtomicU64::new(0);

/// The lowest that no other thread has; given back when the thread ends, so that workers that come and go do not meet in one lane.
#[derive(Debug)]
struct Number(usize);

impl Number {
    fn take() -> Self {
        let lowest = |taken: u64| Some(taken | taken.wrapping_add(1));
        let taken = TAKEN.fetch_update(Ordering::Relaxed, Ordering::Relaxed, lowest).unwrap_or_default();
        // With 64 threads already there is no bit left, and none will be given back.
        Self(taken.trailing_ones() as usize)
    }
}

impl Drop for Number {
    fn drop(&mut self) {
        if let Some(bit) = u32::try_from(self.0).ok().and_then(|number| 1_u64.checked_shl(number)) {
            TAKEN.fetch_and(!bit, Ordering::Relaxed);
        }
    }
}

#[cfg(all(test, not(mesh_loom)))]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_lanes_as_a_mask_can_choose_from() {
        assert!(worthwhile().is_power_of_two() && worthwhile() <= MOST);
    }

    #[test]
    fn a_thread_keeps_its_lane_and_two_that_live_at_once_have_two_numbers() {
        let mine = NUMBER.with(|number| number.0);
        let others = thread::spawn(|| (NUMBER.with(|number| number.0), of_this_thread(), of_this_thread()));
        let (number, lane, again) = others.join().expect("a thread that ends");
        assert_ne!(number, mine);
        assert_eq!(lane, again);
        assert!(lane < MOST);
    }
}
