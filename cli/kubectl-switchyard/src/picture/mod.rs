//! `status`: what stands where, and how far the release is.
//!
//! Sizes, selectors and endpoints are read from the objects themselves, so that the picture is true also while no operator runs; what
//! the operator says of them stands beside.

mod draw;
mod line;
mod take;
mod view;
mod workload;

#[cfg(test)]
mod tests;

use k8s_openapi::api::{apps::v1::Deployment, core::v1::Service, discovery::v1::EndpointSlice};

pub use self::{
    draw::draw,
    line::line,
    view::{GateView, Picture, Role, ServiceView, SideView, Step, WorkloadView},
};

/// The objects of a namespace that a picture is made of.
#[derive(Clone, Debug, Default)]
pub struct Objects {
    /// The Deployments.
    pub deployments: Vec<Deployment>,
    /// The Services.
    pub services: Vec<Service>,
    /// The slices of their endpoints.
    pub slices: Vec<EndpointSlice>,
}
