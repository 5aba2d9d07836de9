//! Which BlueGreens name a Deployment or a Service.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{PoisonError, RwLock},
};

use rollout::BlueGreenSpec;

use crate::{cache::Changed, key::Key, resources::Declared};

/// Which BlueGreens name what, kept in step with them.
#[derive(Debug, Default)]
pub struct Index(RwLock<HashMap<String, Names>>);

/// Those of a namespace.
#[derive(Debug, Default)]
struct Names {
    deployments: HashMap<String, BTreeSet<String>>,
    services: HashMap<String, BTreeSet<String>>,
}

impl Index {
    /// A BlueGreen has changed.
    pub fn update(&self, changed: &Changed<Declared>) {
        let mut spaces = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for (declared, is) in [(&changed.before, false), (&changed.after, true)] {
            let Some(declared) = declared else { continue };
            let Some(content) = declared.content() else { continue };
            let key = Key::of(&**declared);
            let names = spaces.entry(key.namespace.clone()).or_default();
            for deployment in deployments(&content.spec) {
                put(&mut names.deployments, deployment, &key.name, is);
            }
            for service in services(&content.spec) {
                put(&mut names.services, service, &key.name, is);
            }
            // Namespaces come and go, with every branch that somebody tries out say.
            if names.deployments.is_empty() && names.services.is_empty() {
                spaces.remove(&key.namespace);
            }
        }
    }

    /// Who names a Deployment.
    #[must_use]
    pub fn of_deployment(&self, namespace: &str, name: &str) -> Vec<Key> {
        self.find(namespace, |names| names.deployments.get(name))
    }

    /// Who names a Service, be it to switch it or as a preview.
    #[must_use]
    pub fn of_service(&self, namespace: &str, name: &str) -> Vec<Key> {
        self.find(namespace, |names| names.services.get(name))
    }

    /// The Deployments of a namespace that are named by anybody.
    #[must_use]
    pub fn deployments(&self, namespace: &str) -> Vec<String> {
        let spaces = self.0.read().unwrap_or_else(PoisonError::into_inner);
        spaces.get(namespace).map_or_else(Vec::new, |names| names.deployments.keys().cloned().collect())
    }

    fn find(&self, namespace: &str, of: impl Fn(&Names) -> Option<&BTreeSet<String>>) -> Vec<Key> {
        let spaces = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let names = spaces.get(namespace).and_then(of);
        let key = |name: &String| Key { namespace: namespace.to_owned(), name: name.clone() };
        names.map_or_else(Vec::new, |names| names.iter().map(key).collect())
    }
}

/// The Deployments that a BlueGreen names.
pub fn deployments(spec: &BlueGreenSpec) -> impl Iterator<Item = &str> {
    let sides = spec.workloads.iter().flat_map(|workload| [&workload.blue, &workload.green]);
    sides.map(|side| side.deployment.as_str())
}

/// The Services that a BlueGreen names, previews included.
pub fn services(spec: &BlueGreenSpec) -> impl Iterator<Item = &str> {
    spec.workloads.iter().flat_map(|workload| {
        let switched = workload.services.iter().map(|service| service.name.as_str());
        switched.chain(workload.preview.as_ref().map(|preview| preview.service.as_str()))
    })
}

fn put(names: &mut HashMap<String, BTreeSet<String>>, name: &str, who: &str, is: bool) {
    if is {
        names.entry(name.to_owned()).or_default().insert(who.to_owned());
        return;
    }
    if let Some(known) = names.get_mut(name) {
        known.remove(who);
        if known.is_empty() {
            names.remove(name);
        }
    }
}
