//! Many threads, by shuttle.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::SeqCst},
};

use super::super::{
    Priority, Queue, Shares,
    gate::{Entrance, Gate},
};
use crate::{
    clock::Moment,
    sync::model::{crowd, explore, thread},
};

fn leave(gate: &Gate<usize>) {
    gate.leave();
    while gate.next(Moment::default).is_some() {}
}

#[test]
fn the_rooms_are_given_once_at_a_time() {
    explore(|| {
        let (gate, inside) = (Arc::new(Gate::<usize>::new(3, Shares::default(), None)), AtomicU32::new(0));
        let shared = Arc::clone(&gate);
        crowd(move |_| {
            for _ in 0..3 {
                if shared.enter(Priority::Normal) {
                    assert!(inside.fetch_add(1, SeqCst) < 3, "more than there is room for");
                    thread::yield_now();
                    inside.fetch_sub(1, SeqCst);
                    shared.leave();
                }
            }
        });
        assert_eq!((gate.word().under_way, gate.word().waiting), (0, 0));
    });
}

#[test]
fn who_waits_is_let_in_or_gives_up_and_no_room_is_lost_in_between() {
    explore(|| {
        let (gate, inside) =
            (Arc::new(Gate::new(3, Shares::default(), Some(Queue::default()))), AtomicU32::new(0));
        let shared = Arc::clone(&gate);
        crowd(move |number| {
            for _ in 0..3 {
                let entered = match shared.enter_or_wait(Priority::Normal, Moment::default(), || number) {
                    Entrance::Entered => true,
                    Entrance::Waits(place) => {
                        thread::yield_now();
                        !shared.give_up(place)
                    }
                    Entrance::Refused(why) => panic!("there are places in the queue: {why:?}"),
                };
                if entered {
                    assert!(inside.fetch_add(1, SeqCst) < 3, "more than there is room for");
                    thread::yield_now();
                    inside.fetch_sub(1, SeqCst);
                    leave(&shared);
                }
            }
        });
        assert_eq!((gate.word().under_way, gate.word().waiting), (0, 0));
    });
}
