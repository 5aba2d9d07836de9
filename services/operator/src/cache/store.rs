//! The objects of one resource as last told, by a watch or by the answer to a request: whatever is newer counts.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use super::Silence;
use crate::resources::{Kept, is_newer, number};

/// The objects of one resource.
#[derive(Debug)]
pub struct Store<K> {
    inner: RwLock<Inner<K>>,
    silence: Silence,
}

#[derive(Debug)]
struct Inner<K> {
    spaces: HashMap<String, Space<K>>,
    /// Everything that happened until this version has been told.
    version: Option<u64>,
}

/// A namespace.
#[derive(Debug)]
struct Space<K> {
    objects: BTreeMap<String, Arc<K>>,
    groups: HashMap<String, BTreeSet<String>>,
}

/// An object of which something that is read has changed.
#[derive(Clone, Debug)]
pub struct Changed<K> {
    /// As it was, if it was there.
    pub before: Option<Arc<K>>,
    /// As it is, if it is there.
    pub after: Option<Arc<K>>,
}

impl<K> Changed<K> {
    /// As it was, and as it is.
    pub fn both(&self) -> impl Iterator<Item = &Arc<K>> {
        self.before.iter().chain(&self.after)
    }
}

impl<K> Default for Store<K> {
    fn default() -> Self {
        Self {
            inner: RwLock::new(Inner { spaces: HashMap::new(), version: None }),
            silence: Silence::default(),
        }
    }
}

impl<K> Default for Space<K> {
    fn default() -> Self {
        Self { objects: BTreeMap::new(), groups: HashMap::new() }
    }
}

impl<K: Kept> Store<K> {
    /// An object.
    #[must_use]
    pub fn get(&self, namespace: &str, name: &str) -> Option<Arc<K>> {
        self.read().spaces.get(namespace)?.objects.get(name).cloned()
    }

    /// All objects of a namespace, by name.
    #[must_use]
    pub fn all_in(&self, namespace: &str) -> Vec<Arc<K>> {
        let inner = self.read();
        let space = inner.spaces.get(namespace);
        space.map_or_else(Vec::new, |space| space.objects.values().cloned().collect())
    }

    /// The objects of a namespace that are [together](Kept::group), by name.
    #[must_use]
    pub fn grouped(&self, namespace: &str, group: &str) -> Vec<Arc<K>> {
        let inner = self.read();
        let Some(space) = inner.spaces.get(namespace) else { return vec![] };
        let names = space.groups.get(group).into_iter().flatten();
        names.filter_map(|name| space.objects.get(name).cloned()).collect()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.read().spaces.values().map(|space| space.objects.len()).sum()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The namespace and name of each, in order.
    #[must_use]
    pub fn names(&self) -> Vec<(String, String)> {
        let inner = self.read();
        let spaces = inner.spaces.iter();
        let names = spaces.flat_map(|(namespace, space)| {
            space.objects.keys().map(|name| (namespace.clone(), name.clone()))
        });
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    /// For how long nothing was told.
    pub fn silence(&self) -> &Silence {
        &self.silence
    }

    /// Takes an object, from a watch or an answer, if it is newer than what is known.
    pub fn take(&self, object: K) -> Option<Changed<K>> {
        let mut inner = self.write();
        let version = number(object.meta());
        let (namespace, name) = key(&object);
        let known = inner.spaces.get(&namespace).and_then(|space| space.objects.get(&name));
        // What is not there and not newer than everything that was told has been deleted since.
        let known = known.map_or(inner.version, |known| number(known.meta()));
        if !is_newer(version, known) {
            return None;
        }
        let after = Arc::new(object);
        let before = inner.spaces.entry(namespace).or_default().insert(name, Arc::clone(&after));
        let same = before.as_ref().is_some_and(|before| is_same(&**before, &*after));
        (!same).then_some(Changed { before, after: Some(after) })
    }

    /// Forgets an object that was deleted, unless what is known is newer.
    pub fn forget(&self, object: &K) -> Option<Changed<K>> {
        let mut inner = self.write();
        let (namespace, name) = key(object);
        let space = inner.spaces.get_mut(&namespace)?;
        let known = space.objects.get(&name)?;
        if is_newer(number(known.meta()), number(object.meta())) && number(known.meta()).is_some() {
            return None;
        }
        let before = space.remove(&name);
        // Namespaces come and go, with every branch that somebody tries out say.
        if space.objects.is_empty() {
            inner.spaces.remove(&namespace);
        }
        Some(Changed { before, after: None })
    }

    /// Everything until this version has been told.
    pub fn told_until(&self, version: Option<u64>) {
        let mut inner = self.write();
        inner.version = inner.version.max(version);
        drop(inner);
        self.silence.ends();
    }

    /// The server has ended a watch in order, so that everything that it had to tell until then has been told.
    pub fn ended_in_order(&self) {
        self.silence.ends();
    }

    /// Takes a list of everything there is, as of this version. Nothing happens, and nothing is said, if it is older than what was told.
    pub fn replace(&self, objects: Vec<K>, version: Option<u64>) -> Result<Vec<Changed<K>>, Older> {
        let mut inner = self.write();
        if version < inner.version {
            return Err(Older);
        }
        let mut fresh: HashMap<String, Space<K>> = HashMap::new();
        for object in objects {
            let (namespace, name) = key(&object);
            fresh.entry(namespace).or_default().insert(name, Arc::new(object));
        }
        let old = std::mem::take(&mut inner.spaces);
        for (namespace, space) in &old {
            for (name, known) in &space.objects {
                // An answer to a request may be newer than the list.
                let listed = fresh.get(namespace).and_then(|space| space.objects.get(name));
                let than = listed.map_or(version, |listed| number(listed.meta()));
                if is_newer(number(known.meta()), than) && than.is_some() {
                    fresh.entry(namespace.clone()).or_default().insert(name.clone(), Arc::clone(known));
                }
            }
        }
        let changed = differences(&old, &fresh);
        inner.spaces = fresh;
        inner.version = version;
        drop(inner);
        self.silence.ends();
        Ok(changed)
    }

    fn read(&self) -> RwLockReadGuard<'_, Inner<K>> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inner<K>> {
        self.inner.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A list that is older than what is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Older;

impl<K: Kept> Space<K> {
    fn insert(&mut self, name: String, object: Arc<K>) -> Option<Arc<K>> {
        let before = self.remove(&name);
        if let Some(group) = object.group() {
            self.groups.entry(group.to_owned()).or_default().insert(name.clone());
        }
        self.objects.insert(name, object);
        before
    }

    fn remove(&mut self, name: &str) -> Option<Arc<K>> {
        let before = self.objects.remove(name)?;
        if let Some(group) = before.group()
            && let Some(names) = self.groups.get_mut(group)
        {
            names.remove(name);
            if names.is_empty() {
                self.groups.remove(group);
            }
        }
        Some(before)
    }
}

fn key<K: Kept>(object: &K) -> (String, String) {
    (object.namespace().unwrap_or_default(), object.name_any())
}

/// Whether nothing that is read has changed but the version.
fn is_same<K: Kept>(one: &K, other: &K) -> bool {
    let mut one = one.clone();
    one.meta_mut().resource_version.clone_from(&other.meta().resource_version);
    one == *other
}

fn differences<K: Kept>(old: &HashMap<String, Space<K>>, new: &HashMap<String, Space<K>>) -> Vec<Changed<K>> {
    let mut changed = vec![];
    let empty = Space::default();
    for (namespace, space) in old {
        let now = new.get(namespace).unwrap_or(&empty);
        let gone = space.objects.iter().filter(|(name, _)| !now.objects.contains_key(*name));
        changed.extend(gone.map(|(_, before)| Changed { before: Some(Arc::clone(before)), after: None }));
    }
    for (namespace, space) in new {
        let then = old.get(namespace).unwrap_or(&empty);
        for (name, after) in &space.objects {
            let before = then.objects.get(name);
            if before.is_none_or(|before| !is_same(&**before, &**after)) {
                changed.push(Changed { before: before.cloned(), after: Some(Arc::clone(after)) });
            }
        }
    }
    changed
}

#[cfg(test)]
mod tests;
