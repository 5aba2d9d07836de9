//! Every interleaving of two or three threads, by loom, and random ones, by shuttle: see [`model`](crate::sync::model).

use std::sync::Arc;

use super::super::{
    Priority, Queue, Shares,
    gate::{Entrance, Gate},
};
use crate::{
    clock::Moment,
    sync::model::{explore, thread},
};

type Gated = Arc<Gate<&'static str>>;

fn gate(limit: u32, queue: bool) -> Gated {
    Arc::new(Gate::new(limit, Shares::default(), queue.then(Queue::default)))
}

fn enter(gate: &Gated, name: &'static str) -> Entrance {
    gate.enter_or_wait(Priority::Normal, Moment::default(), || name)
}

/// Goes out, and says who was let in.
fn leave(gate: &Gated) -> Vec<&'static str> {
    gate.leave();
    std::iter::from_fn(|| gate.next(Moment::default)).collect()
}

fn both<T: Send + 'static>(one: impl FnOnce() -> T + Send + 'static, other: impl FnOnce() -> T) -> [T; 2] {
    let one = thread::spawn(one);
    let other = other();
    [one.join().expect("a thread that ends"), other]
}

#[test]
fn one_room_is_given_once() {
    explore(|| {
        let gate = gate(1, false);
        let entering = |gate: Gated| move || gate.enter(Priority::Normal);
        let entered = both(entering(gate.clone()), entering(gate.clone()));
        assert_eq!(entered.into_iter().filter(|entered| *entered).count(), 1);
        assert_eq!(gate.word().under_way, 1);
    });
}

#[test]
fn whoever_waits_is_let_in_by_whoever_leaves() {
    explore(|| {
        let gate = gate(1, true);
        assert!(gate.enter(Priority::Normal));
        let leaver = {
            let gate = gate.clone();
            thread::spawn(move || leave(&gate))
        };
        let entrance = enter(&gate, "waiter");
        let let_in = leaver.join().expect("a thread that ends");
        match entrance {
            Entrance::Entered => assert!(let_in.is_empty()),
            Entrance::Waits(_) => assert_eq!(let_in, ["waiter"]),
            Entrance::Refused(why) => panic!("refused: {why:?}"),
        }
        assert_eq!((gate.word().under_way, gate.word().waiting), (1, 0));
    });
}

#[test]
fn two_who_leave_let_one_in_once_and_the_limit_holds() {
    explore(|| {
        let gate = gate(2, true);
        assert!(gate.enter(Priority::Normal) && gate.enter(Priority::Normal));
        let leaving = |gate: Gated| move || leave(&gate);
        let other = thread::spawn(leaving(gate.clone()));
        let third = {
            let gate = gate.clone();
            thread::spawn(move || matches!(enter(&gate, "waiter"), Entrance::Waits(_)))
        };
        let mut let_in = leave(&gate);
        let_in.extend(other.join().expect("a thread that ends"));
        let waited = third.join().expect("a thread that ends");
        assert_eq!(let_in.len(), usize::from(waited));
        assert_eq!((gate.word().under_way, gate.word().waiting), (1, 0));
    });
}

#[test]
fn who_gives_up_while_he_is_let_in_knows_it() {
    explore(|| {
        let gate = gate(1, true);
        assert!(gate.enter(Priority::Normal));
        let Entrance::Waits(place) = enter(&gate, "waiter") else { panic!("there is no room") };
        let leaving = {
            let gate = gate.clone();
            move || leave(&gate).len() == 1
        };
        let giving_up = {
            let gate = gate.clone();
            move || !gate.give_up(place)
        };
        let [let_in, was_let_in] = both(leaving, giving_up);
        assert_eq!(let_in, was_let_in);
        assert_eq!((gate.word().under_way, gate.word().waiting), (u32::from(let_in), 0));
    });
}

#[test]
fn a_limit_that_rises_beside_one_who_begins_to_wait_forgets_nobody() {
    explore(|| {
        let gate = gate(1, true);
        assert!(gate.enter(Priority::Normal));
        let raising = {
            let gate = gate.clone();
            move || {
                gate.set_limit(2);
                gate.next(Moment::default).is_some()
            }
        };
        let entering = {
            let gate = gate.clone();
            move || matches!(enter(&gate, "waiter"), Entrance::Entered)
        };
        let [let_in, entered] = both(raising, entering);
        assert!(let_in != entered);
        assert_eq!((gate.word().under_way, gate.word().waiting), (2, 0));
    });
}
