//! Which BlueGreens a change concerns.

use std::{collections::BTreeSet, sync::Arc};

use kube::ResourceExt;

use crate::{
    cache::{Caches, Change, Changed},
    index::{self, Index},
    key::Key,
    observe::overlap,
    resources::{Declared, Deployment, Kept, Owned, ReplicaSet, Service},
};

/// The BlueGreens that a change concerns.
#[must_use]
pub fn affected(change: &Change, caches: &Caches, names: &Index) -> BTreeSet<Key> {
    match change {
        Change::Declared(changed) => of_declared(changed, names),
        Change::Deployment(changed) => of_deployment(changed, caches, names),
        Change::Service(changed) => of_service(changed, caches, names),
        Change::ReplicaSet(changed) => each(changed, |set| of_replica_set(set, names)),
        Change::Pod(changed) => each(changed, |pod| {
            let namespace = pod.namespace().unwrap_or_default();
            let owner = pod.controller().map(|owner| owner.name.as_str()).unwrap_or_default();
            caches
                .replica_sets
                .get(&namespace, owner)
                .map_or_else(Vec::new, |set| of_replica_set(&set, names))
        }),
        Change::Slice(changed) => each(changed, |slice| {
            let namespace = slice.namespace().unwrap_or_default();
            names.of_service(&namespace, slice.group().unwrap_or_default())
        }),
        Change::Autoscaler(changed) => each(changed, |scaler| {
            let namespace = scaler.namespace().unwrap_or_default();
            names.of_deployment(&namespace, scaler.group().unwrap_or_default())
        }),
    }
}

fn each<K: Kept>(changed: &Changed<K>, of: impl Fn(&Arc<K>) -> Vec<Key>) -> BTreeSet<Key> {
    changed.both().flat_map(of).collect()
}

fn of_replica_set(set: &ReplicaSet, names: &Index) -> Vec<Key> {
    let namespace = set.namespace().unwrap_or_default();
    set.controller().map_or_else(Vec::new, |owner| names.of_deployment(&namespace, &owner.name))
}

/// Itself, and whoever shares something with it.
fn of_declared(changed: &Changed<Declared>, names: &Index) -> BTreeSet<Key> {
    let mut keys = each(changed, |declared| vec![Key::of(&**declared)]);
    let spec = |declared: &Option<Arc<Declared>>| Some(declared.as_ref()?.content()?.spec.clone());
    let (before, after) = (spec(&changed.before), spec(&changed.after));
    if before == after {
        return keys;
    }
    for declared in changed.both() {
        let Some(content) = declared.content() else { continue };
        let namespace = declared.namespace().unwrap_or_default();
        for deployment in index::deployments(&content.spec) {
            keys.extend(names.of_deployment(&namespace, deployment));
        }
        for service in index::services(&content.spec) {
            keys.extend(names.of_service(&namespace, service));
        }
    }
    keys
}

/// Who names it, and where its pods are others than before, who names one that it overlaps.
fn of_deployment(changed: &Changed<Deployment>, caches: &Caches, names: &Index) -> BTreeSet<Key> {
    let mut keys =
        each(changed, |one| names.of_deployment(&one.namespace().unwrap_or_default(), &one.name_any()));
    let pods = |one: &Option<Arc<Deployment>>| {
        one.as_ref().map(|one| (one.selector(), one.spec.template.labels.clone()))
    };
    if pods(&changed.before) == pods(&changed.after) {
        return keys;
    }
    for one in changed.both() {
        let namespace = one.namespace().unwrap_or_default();
        let others = names.deployments(&namespace).into_iter().filter(|name| *name != one.name_any());
        let others = others.filter_map(|name| caches.deployments.get(&namespace, &name));
        for other in others.filter(|other| overlap(one, other)) {
            keys.extend(names.of_deployment(&namespace, &other.name_any()));
        }
    }
    keys
}

/// Who names it, and where it selects others than before, who names a side that it selects.
fn of_service(changed: &Changed<Service>, caches: &Caches, names: &Index) -> BTreeSet<Key> {
    let mut keys =
        each(changed, |one| names.of_service(&one.namespace().unwrap_or_default(), &one.name_any()));
    let selects = |one: &Option<Arc<Service>>| {
        one.as_ref().map(|one| (one.selector.clone(), one.metadata.annotations.clone()))
    };
    if selects(&changed.before) == selects(&changed.after) {
        return keys;
    }
    for one in changed.both() {
        let namespace = one.namespace().unwrap_or_default();
        for name in names.deployments(&namespace) {
            let side = caches.deployments.get(&namespace, &name);
            if side.is_some_and(|side| one.selects(&side.spec.template.labels)) {
                keys.extend(names.of_deployment(&namespace, &name));
            }
        }
    }
    keys
}
