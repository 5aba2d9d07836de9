//! The pods of a side, for whoever asks them something.

use std::sync::Arc;

use rollout::Colour;

use super::{
    side::Side,
    view::{World, deployment},
};
use crate::{pods, resources::Pod};

impl World<'_> {
    /// All pods of that colour that have not ended, of every workload.
    #[must_use]
    pub fn everybody(&self, colour: Colour) -> Vec<pods::Pod> {
        self.of(colour).iter().map(|(pod, _)| reached(pod)).collect()
    }

    /// Those of them that are Ready, stay, and are of their Deployment's current template.
    #[must_use]
    pub fn ready(&self, colour: Colour) -> Vec<pods::Pod> {
        let of_all = self.of(colour);
        let serves = |pod: &Pod| pod.ready_since.is_some() && pod.metadata.deletion_timestamp.is_none();
        of_all.iter().filter(|(pod, current)| *current && serves(pod)).map(|(pod, _)| reached(pod)).collect()
    }

    fn of(&self, colour: Colour) -> Vec<(Arc<Pod>, bool)> {
        let sides = self.workloads().iter().filter_map(|workload| {
            let deployment = self.caches.deployments.get(self.namespace, deployment(workload, colour))?;
            Some(Side { world: self, workload, colour, deployment, services: &[], previews: &[] }.pods())
        });
        sides.flatten().collect()
    }
}

fn reached(pod: &Pod) -> pods::Pod {
    let named = pod.ports.iter().filter_map(|port| Some((port.name.clone()?, port.container_port)));
    pods::Pod {
        name: pod.metadata.name.clone().unwrap_or_default(),
        uid: pod.metadata.uid.clone().unwrap_or_default(),
        ip: pod.ip.as_deref().and_then(|ip| ip.parse().ok()),
        ports: named.collect(),
    }
}
