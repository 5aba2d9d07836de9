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
