//! Which of several ways a request takes.

use std::sync::Arc;

use http::Request;

use super::{Matches, policy::DEFAULT_ROUTE};
use crate::telemetry::CallsHandle;

/// The way of some requests, and what it is made of.
#[derive(Debug)]
pub(super) struct Route<T> {
    pub(super) name: Arc<str>,
    pub(super) matches: Matches,
    pub(super) parts: T,
}

/// A layer, and whether it is the route's own, and not the service's.
#[derive(Clone, Debug)]
pub(super) struct Owned<L> {
    pub(super) layer: L,
    pub(super) own: bool,
}

/// The ways of one version of a policy.
#[derive(Debug)]
pub(super) struct Routes<T> {
    routes: Vec<Route<T>>,
    default: Route<T>,
}

/// A route, and what came of its calls.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RouteHandle {
    /// Its name, or `default`.
    pub name: Arc<str>,
    /// Its calls.
    pub calls: CallsHandle,
}

impl<T> Routes<T> {
    pub(super) fn new(routes: Vec<Route<T>>, default: T) -> Self {
        let default = Route { name: DEFAULT_ROUTE.into(), matches: Matches::default(), parts: default };
        Self { routes, default }
    }

    /// The number of the way that a request takes.
    #[inline]
    pub(super) fn of<B>(&self, request: &Request<B>) -> usize {
        self.routes.iter().position(|route| route.matches.fits(request)).unwrap_or(self.routes.len())
    }

    pub(super) fn at(&self, number: usize) -> &Route<T> {
        self.routes.get(number).unwrap_or(&self.default)
    }

    pub(super) const fn default(&self) -> &Route<T> {
        &self.default
    }

    /// All of them in the order of their numbers; the last is for what fits no other.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Route<T>> {
        self.routes.iter().chain([&self.default])
    }

    /// The one of a name.
    pub(super) fn named(&self, name: &str) -> Option<&Route<T>> {
        self.iter().find(|route| &*route.name == name)
    }
}
