//! Rate limits: so many calls in so much time, for all callers together or for each key.
//!
//! # Rules
//!
//! - **GCRA**, the generic cell rate algorithm (ITU-T I.371, 1993), is what decides: a key that has been idle may make `burst` calls at once, and then one every
//!   `per / calls`. It is the token bucket, told by a single number, the theoretical arrival time of the next call; there is no window at whose edge twice as many would pass.
//! - **A call is counted in `call`**, when its key is known, and stays counted whatever becomes of it. Readiness reserves nothing.
//! - **What is over the limit is refused** with the time after which a call of that key passes, if no other of that key comes before it. It changes nothing: who is refused does not wait
//!   the longer for having asked.
//! - **The layer is the limit**: whatever it is put before shares it, each connection and each clone, or there would be none.
//! - **Answers** have `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-11), unless the policy has it otherwise: of calls that passed with what is left, of one that
//!   was refused with `r=0` and, as `t`, when to come again, which is its `Retry-After`, too. Behind [`answer`](crate::answer) it is 429; and a refusal by another layer further in, 503 say, tells what is
//!   left as well. An answer that is made of another error, or of a time-out, tells nothing of limits.
//!
//! # Bounded memory
//!
//! With a [`Key`] there is a table of a fixed size, 64 bytes for each of the policy's `keys`, made at once and never grown. A key is known by 64 bits of a keyed hash, no more of it is kept: two
//! keys of a million that are taken for one are to be expected once in 37 million such tables. It has its place in a set of seven. A key whose burst is whole again needs none, and its place is
//! the first to be taken by another. Where all seven of a set are owing, a newcomer takes the place of the one that owes least, *with what it owes* (the idea of Space-Saving: Metwally, Agrawal, El Abbadi, 2005).
//! So **nobody ever gets more than the policy**, however many keys there are: whoever is forgotten owed no more than anybody who comes in that place later. The price
//! is that newcomers to a crowded set may be refused early; [`Snapshot::crowded`] counts them, and says that `keys` is too small.
//!
//! # Cost
//!
//! One limit for all is an atomic word and takes no lock. By key there is a lock for each set of seven keys, held for a few nanoseconds. The clock is read once; nothing is allocated but the headers.

mod gcra;
mod handle;
mod headers;
mod key;
mod layer;
mod policy;
mod service;
mod shared;
mod table;

#[cfg(test)]
mod tests;

pub use self::{
    handle::{Handle, Snapshot},
    headers::ResponseFuture,
    key::{Everyone, Header, Key},
    layer::{Builder, RateLimitLayer},
    policy::Policy,
    service::RateLimit,
};
pub use crate::until::OrRefused;
