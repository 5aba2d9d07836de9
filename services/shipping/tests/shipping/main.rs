//! The shipping service through its ports, over in-memory connections and a real database file, with scripted peers in
//! place of the carrier and of ordering.

mod support;

mod booking;
mod calling_off;
mod late_answers;
mod messages;
mod reacting;
mod reading;
mod sql;
mod store;
