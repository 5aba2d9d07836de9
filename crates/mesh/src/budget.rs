//! How many attempts there may be beyond the first ones: a share of the traffic and a floor, for retries and hedges together.
//!
//! # The rule
//!
//! Time is cut into buckets, and a window is so many of them in a row. **In every window, the attempts that were reserved are at
//! most `floor + percent × first attempts / 100`**: in the one that ends now, and in each that begins in between and ends later, even if
//! no call comes any more. So a reservation is held against each run of buckets that ends now, the current one alone up to the whole
//! window, and needs room in all of them. Nothing is rounded: 20 % of four first attempts is no attempt.
//!
//! - **A first attempt counts when it has ended**, which is when its retry is asked for: of a thousand calls that fail at once two hundred may be
//!   tried again, however long they took. What is under way, or was given up by its caller, counts as nothing yet.
//! - **The floor** serves a client with few calls, and evens out the beginning of a bucket. It is once per window, not once per bucket.
//! - **A reservation** that is dropped before its attempt was sent is given back.
//!
//! # Without a lock
//!
//! Each bucket has two words, one for first attempts and one for reservations, which say whose turn of the ring they are. Who reserves
//! first *seals* the earlier buckets of its window: nobody whose clock was read earlier can reserve in them any more. Then it adds up, and swaps the current
//! bucket's word if nobody has reserved in between. So no two see the same room.

mod account;
mod ledger;
mod policy;

#[cfg(test)]
mod tests;

pub use self::{
    account::{Budget, Reservation, Snapshot},
    policy::Policy,
};
