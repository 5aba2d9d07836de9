//! The objects, and what happened to them lately.

use std::{
    borrow::Cow,
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use kube::core::Status;
use serde_json::Value;
use tokio::sync::watch;

use crate::{Clock, Resource, View, refusal};

/// Namespace and name.
pub(crate) type Key = (String, String);
pub(crate) type Objects = BTreeMap<Key, Arc<Value>>;
pub(crate) type Observer = Box<dyn FnMut(&Landed<'_>, &View<'_>) + Send>;

/// Everything that the server knows.
pub(crate) struct Store {
    pub(crate) clock: Clock,
    pub(crate) tables: Vec<Table>,
    /// The version of the last change; each change has the next one.
    pub(crate) revision: u64,
    /// How many changes of a resource are remembered.
    pub(crate) history: usize,
    /// What nobody may do: a verb of a role, and of which objects.
    pub(crate) forbidden: Vec<(String, Resource)>,
    made: u64,
    observers: Vec<Observer>,
}

/// The objects of one resource.
pub(crate) struct Table {
    pub(crate) resource: Resource,
    pub(crate) objects: Objects,
    log: VecDeque<Entry>,
    /// Nothing is known any more of what happened until then.
    forgotten: u64,
    changed: watch::Sender<()>,
}

/// A change.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) revision: u64,
    key: Key,
    pub(crate) before: Option<Arc<Value>>,
    pub(crate) after: Option<Arc<Value>>,
}

/// A write that has landed.
#[derive(Debug)]
pub struct Landed<'a> {
    /// What kind of object it is.
    pub resource: &'a Resource,
    /// Who has written it.
    pub manager: &'a str,
    /// The object as it was, unless it was created.
    pub before: Option<&'a Value>,
    /// The object as it is, unless it was deleted.
    pub after: Option<&'a Value>,
}

impl Store {
    pub(crate) fn new(clock: Clock) -> Self {
        let (tables, forbidden, observers) = (vec![], vec![], vec![]);
        Self { clock, tables, revision: 1, history: 1024, forbidden, made: 0, observers }
    }

    pub(crate) fn register(&mut self, resource: Resource) {
        if self.tables.iter().all(|table| table.resource != resource) {
            let (changed, _) = watch::channel(());
            self.tables.push(Table {
                resource,
                objects: Objects::new(),
                log: VecDeque::new(),
                forgotten: 0,
                changed,
            });
        }
    }

    pub(crate) fn observe(&mut self, observer: Observer) {
        self.observers.push(observer);
    }

    pub(crate) fn resources(&self) -> Vec<Resource> {
        self.tables.iter().map(|table| table.resource.clone()).collect()
    }

    pub(crate) fn table(&self, resource: &Resource) -> Result<&Table, Box<Status>> {
        let found = self.tables.iter().find(|table| table.resource == *resource);
        found.ok_or_else(|| refusal::not_found(resource, ""))
    }

    pub(crate) fn get(&self, resource: &Resource, key: &Key) -> Option<&Arc<Value>> {
        self.table(resource).ok()?.objects.get(key)
    }

    /// A number that nothing else has.
    pub(crate) fn next(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    /// Keeps an object as it is now, or forgets it, and remembers what it was.
    pub(crate) fn land(
        &mut self,
        resource: &Resource,
        key: Key,
        after: Option<Value>,
        manager: &str,
    ) -> Option<Arc<Value>> {
        let history = self.history;
        let table = self.tables.iter_mut().find(|table| table.resource == *resource)?;
        self.revision += 1;
        let after = after.map(|mut object| {
            object["metadata"]["resourceVersion"] = self.revision.to_string().into();
            Arc::new(object)
        });
        let before = match &after {
            Some(object) => table.objects.insert(key.clone(), Arc::clone(object)),
            None => table.objects.remove(&key),
        };
        table.remember(
            Entry { revision: self.revision, key, before: before.clone(), after: after.clone() },
            history,
        );
        let landed = Landed { resource, manager, before: before.as_deref(), after: after.as_deref() };
        let mut observers = std::mem::take(&mut self.observers);
        for observer in &mut observers {
            observer(&landed, &View(self));
        }
        self.observers = observers;
        after
    }

    /// Forgets what happened, as a server does that has been compacted: who watches from earlier is told so.
    pub(crate) fn compact(&mut self) {
        for table in &mut self.tables {
            table.log.clear();
            table.forgotten = self.revision;
            table.changed.send_replace(());
        }
    }
}

impl Table {
    fn remember(&mut self, entry: Entry, history: usize) {
        self.log.push_back(entry);
        while self.log.len() > history {
            self.forgotten = self.log.pop_front().map_or(self.forgotten, |entry| entry.revision);
        }
        self.changed.send_replace(());
    }

    /// Whether nothing ever happened here.
    pub(crate) fn is_untouched(&self) -> bool {
        self.log.is_empty() && self.forgotten == 0
    }

    /// Tells of every change from now on.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// What happened after this version; nothing if that is not known any more.
    pub(crate) fn since(&self, revision: u64) -> Option<impl Iterator<Item = &Entry>> {
        let first = self.log.partition_point(|entry| entry.revision <= revision);
        (revision >= self.forgotten).then(|| self.log.range(first..))
    }

    /// The objects as they were at this version; nothing if that is not known any more.
    pub(crate) fn at(&self, revision: u64) -> Option<Cow<'_, Objects>> {
        let mut objects = Cow::Borrowed(&self.objects);
        let since: Vec<_> = self.since(revision)?.collect();
        for entry in since.into_iter().rev() {
            match &entry.before {
                Some(before) => objects.to_mut().insert(entry.key.clone(), Arc::clone(before)),
                None => objects.to_mut().remove(&entry.key),
            };
        }
        Some(objects)
    }
}
