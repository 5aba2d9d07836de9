//! Every state of small worlds.
//!
//! A world is explicit in all its parts: what the API server has, the Deployment and EndpointSlice controllers and the pods as moves,
//! the operator's caches, each some versions behind, a write of which nobody knows whether it lands, the status stored apart from
//! the writes, crashes, a second leader, and time as moves that say what has passed. From the first state every move is tried,
//! breadth first, until there is no new state. So what is found is found by the shortest way there, and is told as a story.
//!
//! - **Safety** ([`judge`], [`operator`], [`progress::outage`]): each plan is judged by what it was made from, without any of the
//!   core's own functions; each write by what it meets when it lands; each state by what the Services list.
//! - **Progress** ([`search`], [`progress::dead_end`]): our own moves and those of a cluster that is well go round in no circle, and where
//!   they end it is `Stable`, `Held`, or a wait for something that is named.
//! - **Twins**: the core without one of its rules is caught, for each rule.
//!
//! The search is our own, and not `stateright`: progress asks for the whole graph, which that checker's `eventually` does not look at
//! where paths join or go round, and the plans, which cost most, are made once for each question ([`mind`]).
//!
//! What whoever carries a plan out must keep, so that all this holds of it too:
//! the status that is given is the stored one; a plan is made only from caches that have seen the leader's own last write of each
//! object, and from slices no older than its last write of a Service; after a start, another leader, or a write of unknown result
//! nothing counts as sealed. The status and the writes may be sent in either order, or at once.

mod bounds;
mod controllers;
mod foreign;
mod hash;
mod judge;
mod mind;
mod moves;
mod observe;
mod operator;
mod progress;
mod search;
mod state;
mod story;
mod world;
mod worlds;

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use rollout::twin::Rule;

use crate::{
    bounds::Bound,
    world::World,
    worlds::{AROUND, WORLDS},
};

#[test]
fn every_state_of_every_world_keeps_the_rules() {
    match explore(WORLDS) {
        Ok(found) => println!("{found}"),
        Err(story) => panic!("{story}"),
    }
}

#[test]
fn every_state_around_a_switch_keeps_the_rules() {
    match explore(AROUND) {
        Ok(found) => println!("{found}"),
        Err(story) => panic!("{story}"),
    }
}

#[test]
#[ignore = "takes minutes: `just model`"]
fn every_state_of_larger_worlds_keeps_the_rules() {
    match explore(worlds::LARGER) {
        Ok(found) => println!("{found}"),
        Err(story) => panic!("{story}"),
    }
}

#[test]
fn every_pair_of_bounds_occurs_together_in_a_world() {
    for (number, one) in Bound::ALL.iter().enumerate() {
        for other in &Bound::ALL[..=number] {
            let both = |world: &&World| one.holds(world) && other.holds(world);
            assert!(WORLDS.iter().any(|world| both(&world)), "no world has {one:?} and {other:?}");
        }
    }
}

#[test]
fn every_rule_is_needed() {
    for rule in Rule::ALL {
        let caught = AROUND
            .iter()
            .chain(WORLDS)
            .find_map(|world| Some((world, search::explore(world, Some(rule)).err()?)));
        let (world, story) = caught.unwrap_or_else(|| panic!("no world needs {rule:?}"));
        let fault = story.lines().last().unwrap_or_default();
        println!("{:20} {:24} {fault}", format!("{rule:?}"), world.name);
    }
}

/// Explores all of them, on every core, and says how large they were.
fn explore(worlds: &[World]) -> Result<String, String> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut found = vec![];
        while let Some(world) = worlds.get(next.fetch_add(1, Relaxed)) {
            let explored = search::explore(world, None).inspect_err(|_| next.store(worlds.len(), Relaxed))?;
            found.push((explored.states, format!("{:32} {explored}", world.name)));
        }
        Ok::<_, String>(found)
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let found = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        let joined = workers.into_iter().map(|worker| worker.join().expect("a worker does not panic"));
        joined.collect::<Result<Vec<_>, String>>()
    })?;
    let (states, lines): (Vec<_>, Vec<_>) = found.into_iter().flatten().unzip();
    let (states, worlds, lines) = (states.iter().sum::<usize>(), worlds.len(), lines.join("\n"));
    Ok(format!("{lines}\n{states} states in {worlds} worlds"))
}
