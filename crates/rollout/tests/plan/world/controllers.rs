//! The API server, and the controllers of Deployments and slices.

use rollout::{
    Change, Colour, Object, Write,
    observed::{Deployment, Endpoint, Live, Mark, Owner, Pod, Route},
};

use super::{Blue, Green, World, bump, ready_pod, unready_pod};

impl World {
    pub(super) fn route_mut(&mut self, name: &str) -> &mut Route {
        self.seen
            .workloads
            .values_mut()
            .find_map(|workload| match workload.routes.contains_key(name) {
                true => workload.routes.get_mut(name),
                false => workload.preview.as_mut().filter(|_| name == "preview"),
            })
            .expect(name)
    }

    fn deployment_mut(&mut self, name: &str) -> &mut Deployment {
        let (workload, colour) = name.rsplit_once('-').expect("a name");
        let colour = if colour == "blue" { Blue } else { Green };
        self.side_mut(workload, colour).as_mut().expect(name)
    }

    pub(super) fn apply(&mut self, write: Write) {
        match (write.object, write.change) {
            (Object::Service(name), change) => {
                let route = self.route_mut(&name);
                assert_eq!(route.version, write.version, "a conflict");
                point(route, change);
            }
            (Object::Deployment(name), change) => {
                let side = self.deployment_mut(&name);
                assert_eq!(side.version, write.version, "a conflict");
                match change {
                    Change::Scale { replicas } => side.replicas = replicas,
                    Change::Seal { n } => side.seal = n,
                    other => panic!("{other:?} of a Deployment"),
                }
                side.sealed = true;
                bump(&mut side.version);
            }
            (Object::Autoscaler(name), Change::Floor { min, former }) => {
                let sides = self
                    .seen
                    .workloads
                    .values_mut()
                    .flat_map(|workload| [&mut workload.blue, &mut workload.green]);
                let mut scalers = sides.flatten().filter_map(|side| side.autoscaler.as_mut());
                let scaler = scalers.find(|scaler| scaler.name == name).expect("an autoscaler");
                assert_eq!(scaler.version, write.version, "a conflict");
                (scaler.min, scaler.former, scaler.raised) = (min, former, former.map(|_| min));
                bump(&mut scaler.version);
            }
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn quorum(&self) -> Live {
        let mut live = Live::default();
        for (name, workload) in &self.seen.workloads {
            for colour in Colour::BOTH {
                let Some(side) = workload.side(colour) else { continue };
                live.pods.insert((name.clone(), colour), side.pods.clone());
                live.references.insert((name.clone(), colour), side.references.clone());
            }
        }
        live
    }

    pub(super) fn controllers(&mut self) {
        if self.stands_still {
            return self.references();
        }
        let (now, ready, slices) = (self.now, self.pods_get_ready, self.slices_follow);
        for (name, workload) in &mut self.seen.workloads {
            for (colour, side) in [("blue", &mut workload.blue), ("green", &mut workload.green)] {
                let Some(side) = side else { continue };
                let wanted = usize::try_from(side.replicas.clamp(0, 9)).unwrap_or(0);
                side.pods.truncate(wanted);
                for n in side.pods.len()..wanted {
                    let pod = Pod { name: format!("{name}-{colour}-{n}"), current: true, ..Pod::default() };
                    side.pods.push(if ready { ready_pod(pod, now) } else { unready_pod(pod) });
                }
            }
            for route in workload.routes.values_mut().filter(|_| slices) {
                let Some(colour) = route.points_at else { continue };
                let side = match colour {
                    Blue => &workload.blue,
                    Green => &workload.green,
                };
                let pods = side.iter().flat_map(|side| &side.pods);
                route.evidence = pods
                    .map(|pod| Endpoint { pod: pod.name.clone(), colour: Some(colour), ready: pod.serves() })
                    .collect();
            }
        }
        self.references();
    }

    /// Our own Services select the sides that they point at; what the tests add stays.
    pub(super) fn references(&mut self) {
        for workload in self.seen.workloads.values_mut() {
            for (colour, side) in [(Blue, &mut workload.blue), (Green, &mut workload.green)] {
                let Some(side) = side else { continue };
                side.references.retain(|name| !workload.routes.contains_key(name));
                let ours = workload.routes.iter().filter(|(_, route)| route.points_at == Some(colour));
                side.references.extend(ours.map(|(name, _)| name.clone()));
            }
        }
    }
}

fn point(route: &mut Route, change: Change) {
    let known = route.mark.clone().filter(|mark| mark.owner == Owner::This);
    route.sealed = true;
    bump(&mut route.version);
    let (to, n) = match change {
        Change::Point { to, n } => {
            route.points_at = Some(to);
            (to, n)
        }
        Change::Seal { n } => match known.map(|mark| mark.colour).or(route.points_at) {
            Some(colour) => (colour, n),
            // It is sealed by an annotation of its own.
            None => return,
        },
        other => panic!("{other:?} of a Service"),
    };
    assert!(route.mark.as_ref().is_none_or(|mark| mark.n < n), "the number grows");
    route.mark = Some(Mark { owner: Owner::This, colour: to, n });
}
