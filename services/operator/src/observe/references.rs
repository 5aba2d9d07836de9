//! Which Services lead to a side.

use std::{collections::BTreeMap, sync::Arc};

use kube::ResourceExt;

use crate::resources::{IGNORE, Service};

/// The names of those Services that select any of these pods, by their labels; but for the previews and those that are annotated to be
/// ignored.
#[must_use]
pub fn references<'a>(
    services: &[Arc<Service>],
    previews: &[&str],
    pods: impl Iterator<Item = &'a BTreeMap<String, String>> + Clone,
) -> Vec<String> {
    let counts = |service: &&Arc<Service>| {
        let ignored = service.annotations().get(IGNORE).is_some_and(|value| value == "true");
        !ignored && !previews.contains(&service.name_any().as_str())
    };
    let selected = |service: &&Arc<Service>| pods.clone().any(|labels| service.selects(labels));
    services.iter().filter(counts).filter(selected).map(|service| service.name_any()).collect()
}
