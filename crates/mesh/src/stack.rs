//! The layers in their order, from one policy: what a client puts before its transport, and a server before its routes.
//!
//! # The order
//!
//! ```text
//! client                                              server
//!   calls           what its caller sees, by route      answer         errors become answers of the caller's protocol
//!   deadline        ends the whole call                 calls          what came of them, by route
//!   bulkhead        by key                              deadline       reads it, refuses what has expired
//!   concurrency     limit, queue and shedding           rate limit     by caller
//!   retry | hedge   within one budget                   bulkhead       by key
//!   circuit breaker of the service                      concurrency    limit, queue and shedding
//!   ┄┄ the balancer, and each endpoint's gate           ┄┄ the routes
//!   time-out        of a try, by route
//!   headers         each try says what it has left
//!   ┄┄ the transport
//! ```
//!
//! Each is where it is for a reason:
//!
//! - **The deadline is outside of the limit and of the retries**: waiting in the queue and earlier tries take from the same time.
//! - **The limit is outside of the retries**, so that a call that is tried again holds one place and not two, and what is shed costs no budget.
//! - **The bulkhead is outside of the limit**: a call that waits in the queue has its place in the compartment of its key, so that one key that is stuck fills neither the limit nor the queue. It is
//!   inside of the rate limit, so that what is over the rate takes no place.
//! - **Retries are outside of the breaker**: each try is judged, and one that an open breaker refuses is not repeated.
//! - **The breaker is outside of the balancer**, where it judges the service as a whole; each endpoint's gate is inside of it, so that another endpoint
//!   may answer. Its time-outs are failures; a caller who leaves is none.
//! - **Headers are next to the wire**, since only there is known what is left.
//!
//! # Cost
//!
//! A call of a client asks for memory three times: for its future, for the header that says what it has left, and for a place for that among the others; one that may be
//! tried again asks for what its clone takes, too. A call of a server asks four times: for its future, and three times for the [`Deadline`](crate::deadline::Deadline) among
//! the request's extensions. Of what threads that call at once write, only limits and
//! rates are in one place, since they are exact, and the runtime's timers.
//!
//! # One policy
//!
//! [`ClientPolicy`] and [`ServerPolicy`] are what a configuration file holds. A stack [refuses](crate::InvalidPolicy) one with all that is wrong in it, each by its path
//! (`routes[1].retry.attempts`), and takes another while it runs, by its handle: whatever part of it is the same keeps its state, so that an open circuit stays
//! open when a deadline is changed.

mod attempts;
mod calling;
mod client;
mod current;
mod endpoint;
mod limited;
mod matches;
mod oneshot;
mod parted;
mod policy;
mod rated;
mod route;
mod server;
mod serving;
mod transport;

pub use self::{
    attempts::{Attempts, AttemptsFuture},
    client::{Client, ClientBody, ClientHandle, ClientLayer, client},
    endpoint::{Endpoint, EndpointLayer},
    matches::Matches,
    parted::{BulkheadKey, BulkheadPolicy},
    policy::{
        AttemptPolicy, BrokenOff, Classifier, ClientPolicy, ClientRoute, Exception, OwnErrors, Protocol,
        ServerPolicy, ServerRoute,
    },
    rated::RatePolicy,
    route::RouteHandle,
    server::{Server, ServerBody, ServerHandle, ServerLayer, server},
    transport::TransportError,
};
pub use crate::replay::Replay;
