//! The operator: makes true what BlueGreen objects wish for, by the plans of `rollout`.

pub mod drains;
pub mod fetch;
pub mod gates;
pub mod metrics;
pub mod pods;
#[cfg(test)]
mod testing;
