//! Every state of small worlds.
//!
//! A world is explicit in all its parts: what the API server has, the Deployment and EndpointSlice controllers and the pods as moves,
//! the operator's caches, each some versions behind, a write of which nobody knows whether it lands, the status stored apart from the writes, crashes,
//! a second leader, and time as moves that say what has passed. From the first state every move is tried, breadth first, until there
//! is no new state. So what is found is found by the shortest way there, and is told as a story.
//!
//! The search is our own, and not `stateright`: progress asks for a graph (no cycle of our own and cooperative moves, and where they end), which
//! that checker's `eventually` does not judge on paths that join or go round, and the plans, which cost most, are made once for each question.

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

#[test]
fn every_state_of_every_world_keeps_the_rules() {
    for world in worlds::WORLDS {
        match search::explore(world, None) {
            Ok(explored) => println!("{:30} {explored}", world.name),
            Err(story) => panic!("{story}"),
        }
    }
}
