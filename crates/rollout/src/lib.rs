#![doc = include_str!("../README.md")]

pub mod observed;
mod plan;
mod reason;
#[expect(unreachable_pub, reason = "kube's derive repeats each struct within a function")]
mod resource;
mod rule;

pub use self::{
    observed::Observed,
    plan::{Change, Object, Plan, Requeue, Write, plan},
    reason::{Reason, document},
    resource::*,
};

/// The core without one of its rules, so that the tests can show of each that it is needed.
#[doc(hidden)]
pub mod twin {
    pub use crate::{plan::plan_without, rule::Rule};
}
