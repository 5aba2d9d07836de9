//! The endpoints of a Service of Kubernetes, by its `EndpointSlice`s.
//!
//! - **Many slices are one Service**: up to 1,000 endpoints are in each, usually 100, and each family of addresses has slices of its own.
//!   [`Slices`] puts them together.
//! - **A list is taken as a whole or not at all**: a list that is under way, broken or refused shows nothing, so nobody sees a set that is
//!   empty or in part because of it. A list without slices is an answer, and makes the set empty.
//! - **What goes wrong takes nothing away**: the last good set stays, and its age says how old it is.
//! - **A watch lasts a minute**, and is asked for again from where it was. One that has not ended by then is dead, however open its
//!   connection looks. So a set that is confirmed is never older than that.
//! - **What absent conditions mean** is as Kubernetes has it: ready, serving, not terminating.

#[cfg(feature = "kubernetes")]
mod following;
mod policy;
mod port;
mod service;
mod slice;
mod slices;
#[cfg(feature = "kubernetes")]
mod watch;

#[cfg(feature = "kubernetes")]
pub use self::watch::follow;
pub use self::{
    policy::Policy,
    port::Port,
    service::Service,
    slice::{EndpointSlice, ForZone, Metadata, SliceConditions, SliceEndpoint, SliceHints, SlicePort},
    slices::Slices,
};
