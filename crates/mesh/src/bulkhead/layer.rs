//! How bulkheads are put before a service.

use std::hash::Hash;

use tower_layer::Layer;

use super::{Bulkhead, Handle, Policy, keys::Keys};
use crate::{InvalidPolicy, lanes::Laned};

/// One set of compartments: its clones, and every service that they are put before, share it.
#[derive(Debug)]
pub struct BulkheadLayer<K, F> {
    keys: Laned<Keys<K>>,
    key: F,
}

impl<K: Hash + Eq + Clone, F> BulkheadLayer<K, F> {
    /// A compartment for each [`Key`](super::Key); `key` says which a request has. Keys are cloned, so `Arc<str>` is better than `String`.
    ///
    /// # Errors
    /// The policy is out of range.
    pub fn new(policy: Policy, key: F) -> Result<Self, InvalidPolicy> {
        policy.validate()?;
        Ok(Self { keys: Laned::new(Keys::new(policy)), key })
    }

    /// To read the bulkheads.
    #[must_use]
    pub fn handle(&self) -> Handle<K> {
        Handle { keys: self.keys.clone() }
    }
}

impl<K, F: Clone> Clone for BulkheadLayer<K, F> {
    fn clone(&self) -> Self {
        Self { keys: self.keys.clone(), key: self.key.clone() }
    }
}

impl<S, K, F: Clone> Layer<S> for BulkheadLayer<K, F> {
    type Service = Bulkhead<S, K, F>;

    fn layer(&self, inner: S) -> Self::Service {
        Bulkhead::new(inner, self.keys.here(), self.key.clone())
    }
}
