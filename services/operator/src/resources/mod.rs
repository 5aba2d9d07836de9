//! The resources that are read, with only what is read of them: what the API server sends besides is never kept.

mod autoscaler;
mod declared;
mod deployment;
mod endpoint_slice;
mod meta;
mod pod;
mod replica_set;
mod service;
mod template;

use std::fmt;

use kube::ResourceExt;
use serde::de::DeserializeOwned;

pub use self::{
    autoscaler::Autoscaler,
    declared::{Content, Declared},
    deployment::Deployment,
    endpoint_slice::EndpointSlice,
    meta::{Owned, is_newer, number},
    pod::{Pod, Port},
    replica_set::ReplicaSet,
    service::{Service, ServicePort, Target, Unsuitable},
    template::Template,
};

/// The domain of this project's labels and annotations.
pub const DOMAIN: &str = "switchyard.dev";
/// Who pointed a Service where: `<uid>/<colour>/<n>`.
pub const SWITCH: &str = "switchyard.dev/switch";
/// Of a Deployment, or of a Service without a colour: a number that grows, so that a late write conflicts.
pub const SEAL: &str = "switchyard.dev/seal";
/// Of an autoscaler: its own `minReplicas`, while they are raised.
pub const MIN_REPLICAS: &str = "switchyard.dev/min-replicas";
/// Of an autoscaler: what they are raised to. Others than these were set by somebody else since.
pub const RAISED_REPLICAS: &str = "switchyard.dev/raised-replicas";
/// Of a Service: it is no reference to a side.
pub const IGNORE: &str = "switchyard.dev/ignore";
/// Of a Service without a colour: it may be taken over.
pub const ADOPT: &str = "switchyard.dev/adopt";
/// Before the name of a gate: the release that somebody approves.
pub const APPROVE: &str = "approve.switchyard.dev/";

/// Of an EndpointSlice: the Service that it belongs to.
pub const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// A resource that is watched and kept.
pub trait Kept:
    kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
    + ResourceExt
    + DeserializeOwned
    + Clone
    + PartialEq
    + fmt::Debug
    + Send
    + Sync
    + 'static
{
    /// By what several are found together, besides their namespace.
    fn group(&self) -> Option<&str> {
        None
    }
}

macro_rules! resource {
    ($type:ident, $group:literal, $version:literal, $plural:literal) => {
        resource!($type, stringify!($type), $group, $version, $plural);
    };
    ($type:ident, $kind:expr, $group:literal, $version:literal, $plural:literal) => {
        impl kube::Resource for $type {
            type DynamicType = ();
            type Scope = k8s_openapi::NamespaceResourceScope;

            fn kind((): &()) -> std::borrow::Cow<'_, str> {
                $kind.into()
            }

            fn group((): &()) -> std::borrow::Cow<'_, str> {
                $group.into()
            }

            fn version((): &()) -> std::borrow::Cow<'_, str> {
                $version.into()
            }

            fn plural((): &()) -> std::borrow::Cow<'_, str> {
                $plural.into()
            }

            fn meta(&self) -> &kube::core::ObjectMeta {
                &self.metadata
            }

            fn meta_mut(&mut self) -> &mut kube::core::ObjectMeta {
                &mut self.metadata
            }
        }
    };
}
use resource;

#[cfg(test)]
mod tests;
