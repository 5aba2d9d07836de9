#![doc = include_str!("../README.md")]

mod reason;
#[expect(unreachable_pub, reason = "kube's derive repeats each struct within a function")]
mod resource;

pub use self::{
    reason::{Reason, document},
    resource::*,
};
