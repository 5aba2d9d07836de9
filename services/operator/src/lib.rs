//! The operator: makes true what BlueGreen objects wish for, by the plans of `rollout`.
