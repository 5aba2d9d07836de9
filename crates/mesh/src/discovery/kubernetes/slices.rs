//! Many slices, one set.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
};

use super::{EndpointSlice, Port, SliceConditions, SliceEndpoint};
use crate::discovery::{Condition, Endpoint, EndpointSet, Family};

/// The slices of one Service, each as it was last seen. What they make together depends on nothing else: neither on the order in which
/// they came, nor on whether they were listed or told one by one.
#[derive(Clone, Debug)]
pub struct Slices {
    port: Port,
    family: Family,
    parts: BTreeMap<String, Part>,
}

/// What one slice gives.
#[derive(Clone, Debug)]
struct Part {
    endpoints: Vec<Endpoint>,
    unusable: usize,
}

impl Slices {
    /// No slices yet, of a Service whose port this is, and whose endpoints are called by addresses of a family.
    #[must_use]
    pub fn new(port: Port, family: Family) -> Self {
        Self { port, family, parts: BTreeMap::new() }
    }

    /// A slice is new, or has changed.
    pub fn apply(&mut self, slice: &EndpointSlice) {
        self.parts.insert(slice.metadata.name.clone(), Part::of(slice, &self.port));
    }

    /// A slice is gone.
    pub fn remove(&mut self, name: &str) {
        self.parts.remove(name);
    }

    /// These are all that there are.
    pub fn replace<'a>(&mut self, slices: impl IntoIterator<Item = &'a EndpointSlice>) {
        self.parts.clear();
        for slice in slices {
            self.apply(slice);
        }
    }

    /// How many slices there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.parts.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Endpoints that could not be taken: without an IP address, or in a slice that has no such port.
    #[must_use]
    pub fn unusable(&self) -> usize {
        self.parts.values().map(|part| part.unusable).sum()
    }

    /// The endpoints of all slices.
    ///
    /// An endpoint that moves from one slice to another is in both for a while. It is taken as that slice has it in which it can do most;
    /// if both say the same, the one whose name is first.
    #[must_use]
    pub fn endpoints(&self) -> EndpointSet {
        let all = || self.parts.values().flat_map(|part| &part.endpoints);
        let family = self.family.among(all().map(|endpoint| endpoint.address));
        let mut merged = BTreeMap::new();
        for endpoint in all().filter(|endpoint| family.has(endpoint.address)) {
            let kept = merged.entry(endpoint.address).or_insert(endpoint);
            if endpoint.condition < kept.condition {
                *kept = endpoint;
            }
        }
        merged.into_values().cloned().collect()
    }
}

impl Part {
    fn of(slice: &EndpointSlice, port: &Port) -> Self {
        let number = port.of(&slice.ports).filter(|_| matches!(&*slice.address_type, "IPv4" | "IPv6"));
        let usable = slice.endpoints.iter().filter_map(|endpoint| endpoint_of(endpoint, number?));
        let endpoints: Vec<_> = usable.collect();
        Self { unusable: slice.endpoints.len() - endpoints.len(), endpoints }
    }
}

fn endpoint_of(endpoint: &SliceEndpoint, port: u16) -> Option<Endpoint> {
    let address: IpAddr = endpoint.addresses.first()?.parse().ok()?;
    Some(Endpoint {
        address: SocketAddr::new(address, port),
        condition: condition_of(endpoint.conditions),
        zone: endpoint.zone.as_deref().map(Into::into),
        for_zones: endpoint.hints.for_zones.iter().map(|zone| zone.name.as_str().into()).collect(),
    })
}

/// What Kubernetes' three conditions come to. One that is ready is called whatever else it is: a Service that publishes what is not ready
/// says so of all.
fn condition_of(conditions: SliceConditions) -> Condition {
    let SliceConditions { ready, serving, terminating } = conditions;
    if ready.unwrap_or(true) {
        Condition::Ready
    } else if serving.unwrap_or(true) && terminating.unwrap_or(false) {
        Condition::Leaving
    } else {
        Condition::NotReady
    }
}
