//! A pod as a plan sees it.

use std::{collections::BTreeMap, sync::Arc};

use kube::ResourceExt;
use rollout::{Colour, Span, Time, observed};

use crate::resources::{EndpointSlice, Pod, Service, Target};

/// What a pod of a side must fit.
pub(super) struct Fit<'a> {
    pub(super) colour: Colour,
    pub(super) label: &'a str,
    /// The Services that are switched.
    pub(super) services: &'a [Arc<Service>],
    /// The preview's name and slices, if there is a preview.
    pub(super) preview: Option<(&'a str, &'a [Arc<EndpointSlice>])>,
}

impl Fit<'_> {
    /// What the pod lacks, in a sentence.
    fn lacks(&self, pod: &Pod) -> Option<String> {
        let none = BTreeMap::new();
        let labels = pod.metadata.labels.as_ref().unwrap_or(&none);
        self.services.iter().find_map(|service| self.lacks_of(service, labels, pod)).or_else(|| {
            let (name, slices) = self.preview?;
            let shown = slices.iter().flat_map(|slice| slice.endpoints());
            let mut shown = shown.filter(|endpoint| endpoint.is_ready());
            let is_shown = shown.any(|endpoint| endpoint.pod() == pod.name_any());
            (!is_shown).then(|| format!("the preview {name} does not show it"))
        })
    }

    /// The whole selector with the colour replaced, and each port that is sought by name.
    fn lacks_of(&self, service: &Service, labels: &BTreeMap<String, String>, pod: &Pod) -> Option<String> {
        let name = service.name_any();
        let wanted = service.selector.iter().filter(|(key, _)| *key != self.label);
        let colour = (self.label, self.colour.label());
        let wanted = wanted.map(|(key, value)| (key.as_str(), value.as_str())).chain([colour]);
        for (key, value) in wanted {
            if labels.get(key).map(String::as_str) != Some(value) {
                return Some(format!("Service {name} selects {key}={value}"));
            }
        }
        service.ports.iter().find_map(|port| match &port.target {
            Target::Name(target) => {
                let known = pod.ports.iter().any(|port| port.name.as_ref() == Some(target));
                (!known).then(|| format!("Service {name} leads to the port {target}"))
            }
            Target::Number(_) => None,
        })
    }
}

/// A pod as a plan sees it; and when it becomes available, if it only has to stay as it is.
pub(super) fn observe(
    pod: &Pod,
    current: bool,
    min_ready: Span,
    fit: &Fit<'_>,
    drained: bool,
    now: Time,
) -> (observed::Pod, Option<Time>) {
    let deleting = pod.metadata.deletion_timestamp.is_some();
    let available_at = pod.ready_since.map(|since| since.after(min_ready));
    let available = available_at.is_some_and(|at| now >= at);
    let seen = observed::Pod {
        name: pod.name_any(),
        current,
        ready_since: pod.ready_since,
        available,
        deleting,
        unfit: fit.lacks(pod),
        waits: pod.waits.clone(),
        drained,
    };
    (seen, available_at.filter(|_| !available && !deleting))
}
