//! Lanes, so that threads that count at the same time do not write to the same place.

use std::{
    cell::Cell,
    ops::Deref,
    sync::{
        Arc, Mutex, OnceLock, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

/// What threads share: each counts its references to it, and whatever else there is to count, in a lane of its own. Layers and handles hold this, which is all
/// lanes; services and calls hold a [`Lane`].
#[derive(Debug)]
pub(crate) struct Laned<T, L = ()>(Arc<[Lane<T, L>]>);

/// One lane of what threads share.
#[derive(Debug)]
pub(crate) struct Lane<T, L = ()>(Arc<Place<T, L>>);

/// It has lines of the cache to itself, and so has the count of its references.
#[derive(Debug)]
#[repr(align(128))]
struct Place<T, L> {
    number: usize,
    /// How many there were before it.
    born: u64,
    common: Arc<Common<T, L>>,
    /// Others, by number, which live as long as this does. They are younger, each of them: what keeps only younger ones is in no circle, and so nothing of it
    /// outlives its users.
    kept: Box<[OnceLock<Arc<Self>>]>,
    own: L,
}

#[derive(Debug)]
struct Common<T, L> {
    value: T,
    born: AtomicU64,
    /// The last that there was of each number, a power of two of them.
    places: Box<[Mutex<Last<T, L>>]>,
}

type Last<T, L> = Weak<Place<T, L>>;

impl<T, L: Default> Laned<T, L> {
    /// With as many lanes as this machine is worth.
    pub(crate) fn new(value: T) -> Self {
        Self::of(worthwhile(), value)
    }

    /// With so many, a power of two.
    fn of(lanes: usize, value: T) -> Self {
        let places = (0..lanes).map(|_| Mutex::default()).collect();
        let common = Arc::new(Common { value, born: AtomicU64::new(0), places });
        Self((0..lanes).map(|number| Lane(common.place(number))).collect())
    }
}

impl<T, L: Default> Common<T, L> {
    /// The place of this number, which is made anew if nobody has it any more.
    fn place(self: &Arc<Self>, number: usize) -> Arc<Place<T, L>> {
        let mut last = self.places[number].lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = last.upgrade() {
            return place;
        }
        let place = Arc::new(Place {
            number,
            born: self.born.fetch_add(1, Ordering::Relaxed),
            common: Arc::clone(self),
            kept: self.places.iter().map(|_| OnceLock::new()).collect(),
            own: L::default(),
        });
        *last = Arc::downgrade(&place);
        place
    }
}

impl<T, L> Laned<T, L> {
    /// In the lane of this thread.
    #[inline]
    pub(crate) fn here(&self) -> Lane<T, L> {
        Lane(Arc::clone(&self.0[of_this_thread() & (self.0.len() - 1)].0))
    }

    /// What is counted, lane by lane.
    pub(crate) fn counts(&self) -> impl Iterator<Item = &L> {
        self.0.iter().map(Lane::own)
    }
}

impl<T, L> Clone for Laned<T, L> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T, L> Deref for Laned<T, L> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0[0]
    }
}

impl<T, L> Lane<T, L> {
    /// Its number, from 0.
    #[inline]
    pub(crate) fn number(&self) -> usize {
        self.0.number
    }

    /// What is counted in this lane.
    #[inline]
    pub(crate) fn own(&self) -> &L {
        &self.0.own
    }
}

impl<T, L: Default> Lane<T, L> {
    /// The lane of another thread than the one that this was made in.
    #[inline]
    fn other(&self, number: usize) -> Arc<Place<T, L>> {
        self.0.kept[number].get().map_or_else(|| self.found(number), Arc::clone)
    }

    /// Kept from now on, if it may be: services are often all in the lane of the thread that built them, and nobody else would keep those that they are called in.
    #[cold]
    fn found(&self, number: usize) -> Arc<Place<T, L>> {
        let place = self.0.common.place(number);
        if place.born > self.0.born {
            // Another thread of that lane may have been faster, and then it is kept already.
            let _ = self.0.kept[number].set(Arc::clone(&place));
        }
        place
    }
}

impl<T, L: Default> Clone for Lane<T, L> {
    /// In the lane of the thread that clones it.
    #[inline]
    fn clone(&self) -> Self {
        let number = of_this_thread() & (self.0.kept.len() - 1);
        Self(if number == self.0.number { Arc::clone(&self.0) } else { self.other(number) })
    }
}

impl<T, L> Deref for Lane<T, L> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0.common.value
    }
}

/// There are never more.
pub(crate) const MOST: usize = 8;

/// How many lanes this machine is worth: one per processor, as a power of two. The system is asked once, since it reads files for that.
pub(crate) fn worthwhile() -> usize {
    static LANES: OnceLock<usize> = OnceLock::new();
    let asked = || thread::available_parallelism().map_or(1, usize::from).next_power_of_two().min(MOST);
    *LANES.get_or_init(asked)
}

/// This thread's lane, from 0 to less than [`MOST`]. Threads that live at the same time have lanes of their own for as long as there are any.
#[inline]
pub(crate) fn of_this_thread() -> usize {
    match LANE.get() {
        UNKNOWN => found(),
        lane => lane,
    }
}

#[cold]
fn found() -> usize {
    let lane = NUMBER.try_with(|number| number.0).unwrap_or_default() % MOST;
    LANE.set(lane);
    lane
}

thread_local! {
    static NUMBER: Number = Number::take();
    /// Apart, since what has to be given back takes longer to read.
    static LANE: Cell<usize> = const { Cell::new(UNKNOWN) };
}

const UNKNOWN: usize = usize::MAX;

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

#[cfg(all(test, not(any(mesh_loom, mesh_shuttle))))]
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

    #[test]
    fn each_thread_counts_in_its_own_lane_and_sees_the_same_value() {
        let all = Laned::<&str, AtomicU64>::new("shared");
        let mine = all.here();
        let count = |lane: &Lane<&str, AtomicU64>| lane.own().fetch_add(1, Ordering::Relaxed);
        count(&mine);
        let other = mine.clone();
        thread::spawn(move || {
            let other = other.clone();
            assert_eq!((*other, other.number()), ("shared", of_this_thread() & (worthwhile() - 1)));
            count(&other);
        })
        .join()
        .expect("a thread that ends");
        let counts: Vec<_> = all.counts().map(|count| count.load(Ordering::Relaxed)).collect();
        assert_eq!((counts.iter().sum::<u64>(), *all), (2, "shared"));
        assert_eq!(counts[mine.number()], if worthwhile() == 1 { 2 } else { 1 });
    }

    #[test]
    fn a_thread_has_its_own_lane_of_a_service_although_the_layer_is_gone() {
        let lane = Laned::<_>::of(2, "shared").here();
        let number = lane.number();
        let others = thread::spawn(move || {
            // As long as there is the service, its calls need nothing new.
            let places = [(); 2].map(|()| Arc::as_ptr(&lane.clone().0));
            (lane.clone().number(), of_this_thread() & 1, places[0] == places[1])
        });
        let (got, own, kept) = others.join().expect("a thread that ends");
        assert_eq!((got, kept), (own, true));
        assert!(number < 2);
    }

    #[test]
    fn nothing_is_left_when_every_lane_is_gone_whichever_had_kept_which() {
        let value = Arc::new(());
        let lanes = Laned::<_>::of(4, Arc::clone(&value));
        let mut held: Vec<_> = lanes.0.iter().map(|lane| Lane(Arc::clone(&lane.0))).collect();
        drop(lanes);
        for turn in 0..64_usize {
            // Each asks for all the others, and one that is gone is had again.
            drop(held.swap_remove(turn % held.len()));
            let again: Vec<_> = (0..4).map(|number| Lane(held[turn % held.len()].other(number))).collect();
            assert!(again.iter().enumerate().all(|(number, lane)| lane.number() == number));
            held = again;
        }
        drop(held);
        assert_eq!(Arc::strong_count(&value), 1);
    }
}
