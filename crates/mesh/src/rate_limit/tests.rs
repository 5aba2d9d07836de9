//! The limits without a service: times and keys are values.

#[cfg(not(any(mesh_loom, mesh_shuttle)))]
mod model;

#[cfg(mesh_shuttle)]
mod crowds;
#[cfg(any(mesh_loom, mesh_shuttle))]
mod interleavings;

use std::time::Duration;

use super::{Policy, gcra::Quota};
use crate::clock::Moment;

fn quota(calls: u32, per: Duration, burst: u32) -> Quota {
    let policy = Policy { calls, per, burst, ..Policy::default() };
    policy.validate().expect("a policy in its ranges");
    Quota::new(&policy)
}

fn at(nanos: u64) -> Moment {
    Moment::from_nanos(nanos)
}
