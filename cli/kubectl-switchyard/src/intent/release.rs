//! A release: images first, on the side that does not serve; the wish last.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Container, PodSpec};
use kube::ResourceExt;
use rollout::{BlueGreen, Colour, Phase, Side, Status, Workload};
use serde_json::{Map, Value, json};

use super::{Object, Patch, Refusal, guarded, image::Assignment, seen, serving};

/// The label of a pod template that tells its version.
pub const VERSION: &str = "app.kubernetes.io/version";

/// What a release is told.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The images.
    pub images: Vec<Assignment>,
    /// The value of the templates' label [`VERSION`].
    pub version: Option<String>,
}

/// Gives the side that does not serve its images, and makes it the wish.
///
/// All workloads switch together, so a container that is not named gets the image that serves now: the one that its idle side happens to
/// have is from the release before the last. What is as it should be is not written, so that the same question can be asked again after a
/// conflict.
///
/// # Errors
/// The side is still needed by what is under way, a container is not found in exactly one workload, or there is nothing to do.
pub fn release(of: &BlueGreen, deployments: &[Deployment], wanted: &Wanted) -> Result<Vec<Patch>, Refusal> {
    let status = seen(of)?;
    let side = serving(of, status)?.other();
    free(of, status, side)?;
    let pairs = of.spec.workloads.iter().map(|workload| Pair::of(workload, side, deployments));
    let pairs = pairs.collect::<Result<Vec<_>, _>>()?;
    let mut images = named(of, &pairs, &wanted.images, side)?;
    for pair in &pairs {
        for (container, image) in pair.carried() {
            images.entry((pair.workload.name.as_str(), container)).or_insert(image);
        }
    }
    let mut patches = vec![];
    for pair in &pairs {
        patches.extend(pair.patch(&images, pair.version(wanted))?);
    }
    if let Some(patch) = wish(of, &pairs, wanted, side)? {
        patches.push(patch);
    }
    if patches.is_empty() {
        let failed = status.failed.as_ref().is_some_and(|failed| failed.to == side);
        return Err(Refusal::NothingNew { name: of.name_any(), side, failed });
    }
    Ok(patches)
}

/// Refuses to touch a side that is the way back, or ends what it has begun.
fn free(of: &BlueGreen, status: &Status, side: Colour) -> Result<(), Refusal> {
    let begun =
        matches!(status.at(), Phase::Switching | Phase::Verifying | Phase::Draining | Phase::SwitchingBack);
    let drains = status.draining_since.is_some() && status.drained_at.is_none();
    if begun || drains {
        let phase = if begun { status.phase } else { Phase::Draining };
        return Err(Refusal::UnderWay { name: of.name_any(), phase, side });
    }
    Ok(())
}

/// A workload, with the side that gets new images and the one that serves.
struct Pair<'a> {
    workload: &'a Workload,
    declared: &'a Side,
    gets: &'a Deployment,
    serves: Option<&'a Deployment>,
}

impl<'a> Pair<'a> {
    fn of(workload: &'a Workload, side: Colour, deployments: &'a [Deployment]) -> Result<Self, Refusal> {
        let (declared, other) = match side {
            Colour::Blue => (&workload.blue, &workload.green),
            Colour::Green => (&workload.green, &workload.blue),
        };
        let find = |name: &str| deployments.iter().find(|deployment| deployment.name_any() == name);
        let gets =
            find(&declared.deployment).ok_or_else(|| Refusal::NoDeployment(declared.deployment.clone()))?;
        Ok(Self { workload, declared, gets, serves: find(&other.deployment) })
    }

    fn is_meant_by(&self, assignment: &Assignment) -> bool {
        assignment.workload.as_ref().is_none_or(|workload| *workload == self.workload.name)
            && containers(self.gets).any(|(_, container)| container.name == assignment.container)
    }

    fn is_named(&self, wanted: &Wanted) -> bool {
        wanted.images.iter().any(|one| self.is_meant_by(one))
    }

    /// The version that it gets, if that is known: the one that was said of what was named, and of everything else the one that serves now.
    fn version<'v>(&self, wanted: &'v Wanted) -> Option<&'v str>
    where
        'a: 'v,
    {
        if self.is_named(wanted) { wanted.version.as_deref() } else { self.serves.and_then(version) }
    }

    /// The images that serve now, by the containers that both sides have.
    fn carried(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let serves = self.serves.into_iter().flat_map(containers);
        let gets = self.gets;
        serves
            .filter(move |(_, known)| containers(gets).any(|(_, container)| container.name == known.name))
            .filter_map(|(_, container)| Some((container.name.as_str(), container.image.as_deref()?)))
    }

    /// What the Deployment lacks.
    fn patch(
        &self,
        images: &BTreeMap<(&str, &str), &str>,
        version: Option<&str>,
    ) -> Result<Option<Patch>, Refusal> {
        let (mut spec, mut says) = (Map::<String, Value>::new(), vec![]);
        for (list, container) in containers(self.gets) {
            let Some(image) = images.get(&(self.workload.name.as_str(), container.name.as_str())) else {
                continue;
            };
            if container.image.as_deref() == Some(*image) {
                continue;
            }
            let entry = spec.entry(list).or_insert_with(|| json!([]));
            entry
                .as_array_mut()
                .into_iter()
                .for_each(|all| all.push(json!({"name": container.name, "image": image})));
            says.push(format!("{} {image}", container.name));
        }
        let mut template = if spec.is_empty() { json!({}) } else { json!({ "spec": spec }) };
        if let Some(to) = version.filter(|to| self::version(self.gets) != Some(to)) {
            if selects_version(self.gets) {
                return Err(Refusal::VersionSelected(self.gets.name_any()));
            }
            template["metadata"] = json!({"labels": {VERSION: to}});
            says.push(format!("version {to}"));
        }
        let name = self.gets.name_any();
        Ok((!says.is_empty()).then(|| Patch {
            says: format!("Deployment {name} gets {}", says.join(", ")),
            object: Object::Deployment(name),
            body: guarded(self.gets, json!({"spec": {"template": template}})),
        }))
    }
}

/// The images that were named, by workload and container.
fn named<'a>(
    of: &BlueGreen,
    pairs: &[Pair<'a>],
    images: &'a [Assignment],
    side: Colour,
) -> Result<BTreeMap<(&'a str, &'a str), &'a str>, Refusal> {
    let mut known = BTreeMap::new();
    for one in images {
        let meant: Vec<_> = pairs.iter().filter(|pair| pair.is_meant_by(one)).collect();
        let place = |pair: &&Pair<'_>| format!("{}/{}", pair.workload.name, one.container);
        let [pair] = meant[..] else {
            if meant.is_empty() {
                let (name, container) = (of.name_any(), one.container.clone());
                return Err(Refusal::NoContainer { name, container, side, there: places(pairs) });
            }
            return Err(Refusal::Ambiguous {
                container: one.container.clone(),
                there: meant.iter().map(place).collect(),
            });
        };
        if known.insert((pair.workload.name.as_str(), one.container.as_str()), one.image.as_str()).is_some() {
            return Err(Refusal::Twice(place(&pair)));
        }
    }
    Ok(known)
}

/// The wish, and the versions that it waits for.
fn wish(of: &BlueGreen, pairs: &[Pair<'_>], wanted: &Wanted, side: Colour) -> Result<Option<Patch>, Refusal> {
    let mut workloads = of.spec.workloads.clone();
    for (pair, workload) in pairs.iter().zip(&mut workloads) {
        let Some(awaited) = &pair.declared.version else { continue };
        let given = pair.version(wanted).or_else(|| version(pair.gets)).unwrap_or_default();
        if given == awaited {
            continue;
        }
        if pair.is_named(wanted) && wanted.version.is_none() {
            return Err(Refusal::OtherVersion {
                workload: workload.name.clone(),
                side,
                wanted: awaited.clone(),
                given: given.to_owned(),
            });
        }
        let declared = if side == Colour::Blue { &mut workload.blue } else { &mut workload.green };
        declared.version = Some(given.to_owned());
    }
    let mut spec = Map::new();
    if workloads != of.spec.workloads {
        spec.insert("workloads".into(), json!(workloads));
    }
    if of.spec.active != side {
        spec.insert("active".into(), json!(side));
    }
    Ok((!spec.is_empty()).then(|| Patch::spec(of, Value::Object(spec), format!("{side} shall serve"))))
}

fn template(of: &Deployment) -> Option<&PodSpec> {
    of.spec.as_ref()?.template.spec.as_ref()
}

/// The containers of a pod, with the name of the list that each is in.
pub(crate) fn containers(of: &Deployment) -> impl Iterator<Item = (&'static str, &Container)> {
    let pod = template(of).into_iter();
    pod.flat_map(|pod| {
        let init = pod.init_containers.iter().flatten().map(|container| ("initContainers", container));
        pod.containers.iter().map(|container| ("containers", container)).chain(init)
    })
}

fn version(of: &Deployment) -> Option<&str> {
    let labels = of.spec.as_ref()?.template.metadata.as_ref()?.labels.as_ref()?;
    labels.get(VERSION).map(String::as_str)
}

fn selects_version(of: &Deployment) -> bool {
    let selector = of.spec.as_ref().map(|spec| &spec.selector);
    selector
        .and_then(|selector| selector.match_labels.as_ref())
        .is_some_and(|labels| labels.contains_key(VERSION))
}

fn places(pairs: &[Pair<'_>]) -> Vec<String> {
    let place = |pair: &Pair<'_>| {
        let workload = pair.workload.name.clone();
        containers(pair.gets)
            .map(|(_, container)| format!("{workload}/{}", container.name))
            .collect::<Vec<_>>()
    };
    pairs.iter().flat_map(place).collect()
}
