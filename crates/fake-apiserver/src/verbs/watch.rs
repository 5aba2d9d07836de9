//! What happens is told as it happens.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use bytes::Bytes;
use kube::core::Status;
use serde_json::{Value, json};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use super::partial;
use crate::{
    Server,
    call::Call,
    refusal,
    store::{Entry, Store},
};

/// Where nothing happens it is told so as often.
const BOOKMARKS: Duration = Duration::from_secs(60);
/// A last time it is told so long before the end.
const LAST_BOOKMARK: Duration = Duration::from_secs(2);
/// So long a watch lasts that does not say for how long.
const LONGEST: Duration = Duration::from_secs(30 * 60);

/// A watch, from the version that it has told until.
pub(crate) struct Watch {
    call: Call,
    changes: watch::Receiver<()>,
    told: u64,
    lines: VecDeque<Bytes>,
    bookmark: Option<Instant>,
    end: Instant,
}

impl Watch {
    pub(super) fn new(store: &Store, call: &Call) -> Result<Self, Box<Status>> {
        let table = store.table(&call.resource)?;
        let params = &call.params;
        // Where a list would be refused as a bad request, a watch is by this.
        let asked = params.revision().map_err(|status| refusal::unreadable(&status.message))?;
        let length =
            params.timeout_seconds.filter(|seconds| *seconds > 0).map_or(LONGEST, Duration::from_secs);
        let end = Instant::now() + length;
        let mut watch = Self {
            call: call.clone(),
            changes: table.changes(),
            told: asked.unwrap_or(store.revision),
            lines: VecDeque::new(),
            bookmark: params.bookmarks().then(|| next_bookmark(end)).flatten(),
            end,
        };
        if asked.is_none() || params.initial_events() {
            watch.told = store.revision;
            watch.tell_all(store, table.objects.values());
        }
        Ok(watch)
    }

    /// The next line; nothing at the end.
    pub(crate) async fn line(&mut self, server: &Server) -> Option<Bytes> {
        loop {
            if let Some(line) = self.lines.pop_front() {
                return Some(line);
            }
            if self.end <= Instant::now() {
                return None;
            }
            self.changes.mark_unchanged();
            server.read(|store| self.catch_up(store));
            if !self.lines.is_empty() {
                continue;
            }
            let wake = self.bookmark.map_or(self.end, |bookmark| bookmark.min(self.end));
            tokio::select! {
                biased;
                changed = self.changes.changed() => changed.ok()?,
                () = sleep_until(wake) => server.read(|store| self.remind(store)),
            }
        }
    }

    /// Tells of all that happened since.
    fn catch_up(&mut self, store: &Store) {
        let Ok(table) = store.table(&self.call.resource) else { return };
        let Some(since) = table.since(self.told) else {
            let message = format!("too old resource version: {} ({})", self.told, store.revision);
            let mut status = serde_json::to_value(refusal::expired(&message)).unwrap_or_default();
            status["kind"] = "Status".into();
            status["apiVersion"] = "v1".into();
            self.push("ERROR", &status);
            self.end = Instant::now();
            return;
        };
        for entry in since {
            self.tell(entry);
        }
        self.told = self.told.max(store.revision);
    }

    /// Tells of a change as of one of the objects that are watched, which may enter or leave by it.
    fn tell(&mut self, entry: &Entry) {
        let filter = &self.call.filter;
        let before = entry.before.as_ref().filter(|object| filter.matches(object));
        let after = entry.after.as_ref().filter(|object| filter.matches(object));
        match (before, after) {
            (None, None) => {}
            (None, Some(after)) => self.push("ADDED", after),
            (Some(_), Some(after)) => self.push("MODIFIED", after),
            (Some(before), None) => {
                let mut last = Value::clone(before);
                last["metadata"]["resourceVersion"] = entry.revision.to_string().into();
                self.push("DELETED", &last);
            }
        }
    }

    fn tell_all<'o>(&mut self, store: &Store, objects: impl Iterator<Item = &'o Arc<Value>>) {
        for object in objects {
            if self.call.filter.matches(object) {
                self.push("ADDED", object);
            }
        }
        if self.call.params.initial_events() && self.call.params.bookmarks() {
            self.push_bookmark(store, json!({"annotations": {"k8s.io/initial-events-end": "true"}}));
        }
    }

    /// Tells that nothing was left out until now; not of a resource of which the API server has never seen anything, as a real one does not either.
    fn remind(&mut self, store: &Store) {
        if self.bookmark.is_some_and(|bookmark| bookmark <= Instant::now()) {
            self.catch_up(store);
            if store.table(&self.call.resource).is_ok_and(|table| !table.is_untouched()) {
                self.push_bookmark(store, json!({}));
            }
            self.bookmark = next_bookmark(self.end);
        }
    }

    fn push_bookmark(&mut self, store: &Store, mut metadata: Value) {
        metadata["resourceVersion"] = store.revision.to_string().into();
        let resource = &self.call.resource;
        let object =
            json!({"kind": resource.kind, "apiVersion": resource.api_version(), "metadata": metadata});
        self.push("BOOKMARK", &object);
    }

    fn push(&mut self, kind: &str, object: &Value) {
        let partial = (self.call.metadata_only && kind != "ERROR").then(|| partial(object));
        let line = format!("{{\"type\":\"{kind}\",\"object\":{}}}\n", partial.as_ref().unwrap_or(object));
        self.lines.push_back(line.into());
    }
}

fn next_bookmark(end: Instant) -> Option<Instant> {
    let last = end.checked_sub(LAST_BOOKMARK).filter(|last| *last > Instant::now())?;
    Some(last.min(Instant::now() + BOOKMARKS))
}
