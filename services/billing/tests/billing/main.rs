//! The billing service through its ports, over in-memory connections and a real database file, with scripted peers in
//! place of the payment provider, the mail service and ordering.

mod support;

mod charging;
mod late_answers;
mod mailing;
mod messages;
mod paying;
mod reacting;
mod reading;
mod sql;
mod store;
