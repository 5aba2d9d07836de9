//! Where the endpoints of a service are.
//!
//! A source knows them and a balancer follows them. Between the two there is a `tokio::sync::watch` of `Option<EndpointSet>`: always a whole
//! set, and `None` as long as nobody knows, which is not the same as a set with nobody in it.
//!
//! - [`fixed`]: they are known from the start;
//! - [`dns::follow`]: a name that is looked up again and again;
//! - `kubernetes::follow`: the `EndpointSlice`s of a Service (feature `kubernetes`).
//!
//! Each gives a [`Source`], whose task ends when it is dropped. **What goes wrong with a source never takes an endpoint away**: the last
//! good set stays, and [`Snapshot::age`] says for how long nobody has confirmed it. Nothing here is about how endpoints answer: that is for
//! the balancer to see.

pub mod dns;
pub mod kubernetes;

mod family;
mod source;
mod trouble;
mod zones;

use std::{net::SocketAddr, ops::Deref, sync::Arc};

pub use self::{
    family::Family,
    source::{Handle, Snapshot, Source, fixed},
    trouble::Trouble,
    zones::prefer_zone,
};

/// Somewhere a call can go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Where it listens.
    pub address: SocketAddr,
    /// How it is.
    pub condition: Condition,
    /// The zone that it is in, if that is known.
    pub zone: Option<Arc<str>>,
    /// The zones whose callers had better call it; if there is none, any.
    pub for_zones: Arc<[Arc<str>]>,
}

impl Endpoint {
    /// One that is ready, of no zone.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        Self { address, condition: Condition::Ready, zone: None, for_zones: Arc::default() }
    }
}

/// What an endpoint can do, the most first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Condition {
    /// It is to be called.
    Ready,
    /// It is about to leave and still answers: to be called if none is ready.
    Leaving,
    /// It is not to be called.
    NotReady,
}

impl Condition {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ready, Self::Leaving, Self::NotReady];

    /// A name for a metric's label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Leaving => "leaving",
            Self::NotReady => "not_ready",
        }
    }
}

/// Endpoints by address, each once. Clones share them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndpointSet(Arc<[Endpoint]>);

impl Deref for EndpointSet {
    type Target = [Endpoint];

    fn deref(&self) -> &[Endpoint] {
        &self.0
    }
}

impl FromIterator<Endpoint> for EndpointSet {
    fn from_iter<I: IntoIterator<Item = Endpoint>>(endpoints: I) -> Self {
        let mut endpoints: Vec<_> = endpoints.into_iter().collect();
        endpoints.sort_by_key(|endpoint| endpoint.address);
        endpoints.dedup_by_key(|endpoint| endpoint.address);
        Self(endpoints.into())
    }
}
