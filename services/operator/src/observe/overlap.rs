//! Deployments that take each other's pods for their own.

use kube::core::SelectorExt;

use crate::resources::Deployment;

/// Whether one of two Deployments selects pods that the other makes.
#[must_use]
pub fn overlap(one: &Deployment, other: &Deployment) -> bool {
    takes(one, other) || takes(other, one)
}

fn takes(one: &Deployment, other: &Deployment) -> bool {
    one.selector().is_some_and(|selector| {
        !selector_is_empty(&selector) && selector.matches(&other.spec.template.labels)
    })
}

/// The API server refuses a Deployment without a selector; one that cannot be read selects nothing.
fn selector_is_empty(selector: &kube::core::Selector) -> bool {
    selector.selects_all()
}
