//! The only place that writes to the cluster.

use std::sync::Arc;

use futures_util::future::join_all;
use kube::{
    Api, Client,
    api::{Patch, PatchParams},
};
use rollout::{Object, Status, Write};
use serde_json::{Value, json};
use tokio::time::Instant;
use tracing::{debug, info, warn};

use super::{Ended, MANAGER, Outcome, Term, merge, patch};
use crate::{
    cache::{Caches, Change, Changed, Store, Told},
    key::Key,
    resources::{Declared, Kept},
};

/// Writes, and takes each answer into the caches, so that whoever wrote something sees it.
#[derive(Clone)]
pub struct Hands {
    pub(super) client: Client,
    pub(super) caches: Arc<Caches>,
    pub(super) told: Told,
    pub(super) color_label: String,
}

impl Hands {
    /// Hands that write by this client and tell of what has changed.
    #[must_use]
    pub const fn new(client: Client, caches: Arc<Caches>, told: Told, color_label: String) -> Self {
        Self { client, caches, told, color_label }
    }

    /// Makes all these writes at once. What was refused is remembered, and what became of nobody knows what counts as not sealed.
    pub async fn write(&self, term: &Term, key: &Key, uid: &str, writes: &[Write]) -> Vec<Ended> {
        let writes = writes.iter().map(|write| async move {
            let began = Instant::now();
            let outcome = self.one(term, key, uid, write).await;
            Ended { outcome, began, ended: Instant::now() }
        });
        join_all(writes).await
    }

    async fn one(&self, term: &Term, key: &Key, uid: &str, write: &Write) -> Outcome {
        if !term.may_write() {
            return Outcome::NotNow;
        }
        let (namespace, object) = (&key.namespace, &write.object);
        let outcome = self.send(namespace, uid, write, Some(&write.version), false).await;
        match &outcome {
            Outcome::Made => {
                term.seal(namespace, object, true);
                info!(bluegreen = %key, "{object:?}: {:?}", write.change);
            }
            Outcome::Refused(words) => {
                term.refuse(namespace, write, words.clone());
                warn!(bluegreen = %key, "{object:?}: {:?} is refused: {words}", write.change);
            }
            Outcome::Unknown(why) => {
                term.seal(namespace, object, false);
                warn!(bluegreen = %key, "{object:?}: what became of {:?} is not known: {why}", write.change);
            }
            Outcome::Conflict | Outcome::NotNow => debug!(bluegreen = %key, "{object:?}: {outcome:?}"),
        }
        outcome
    }

    /// Whether the API server would take this write, whatever the object's version is.
    pub async fn would(&self, namespace: &str, uid: &str, write: &Write) -> Outcome {
        self.send(namespace, uid, write, None, true).await
    }

    /// Sees of each of these objects whose last write was refused whether that still stands.
    pub async fn probe(
        &self,
        term: &Term,
        namespace: &str,
        uid: &str,
        objects: &[Object],
    ) -> Option<tokio::time::Instant> {
        let (due, _) = term.probes(namespace, objects);
        for write in due {
            match self.would(namespace, uid, &write).await {
                Outcome::Refused(words) => term.refuse(namespace, &write, words),
                Outcome::Made | Outcome::Conflict => term.accept(namespace, &write.object),
                Outcome::NotNow | Outcome::Unknown(_) => {}
            }
        }
        term.probes(namespace, objects).1
    }

    /// Stores the status, if it differs from what stands there.
    pub async fn store(&self, term: &Term, declared: &Declared, status: &Status) -> Option<Outcome> {
        let content = declared.content()?;
        // Of a status that was never stored nothing stands there, not even what it would say by default.
        let stored = content.status != Status::default();
        let old = if stored { serde_json::to_value(&content.status).unwrap_or_default() } else { json!({}) };
        let new = serde_json::to_value(status).unwrap_or_default();
        let difference = merge::difference(&old, &new)?;
        if !term.may_write() {
            return Some(Outcome::NotNow);
        }
        let key = Key::of(declared);
        let version = &declared.metadata.resource_version;
        let body = Patch::Merge(json!({ "metadata": { "resourceVersion": version }, "status": difference }));
        let api: Api<Declared> = Api::namespaced(self.client.clone(), &key.namespace);
        let answer = api.patch_status(&key.name, &parameters(false), &body).await;
        Some(self.take(&self.caches.declared, Change::Declared, answer))
    }

    async fn send(
        &self,
        namespace: &str,
        uid: &str,
        write: &Write,
        version: Option<&str>,
        dry: bool,
    ) -> Outcome {
        let body = |mut body: Value| {
            if let (None, Some(metadata)) = (version, body.get_mut("metadata").and_then(Value::as_object_mut))
            {
                metadata.remove("resourceVersion");
            }
            body
        };
        let (version, change, caches) = (write.version.as_str(), write.change, &self.caches);
        match &write.object {
            Object::Service(name) => {
                let Some(known) = caches.services.get(namespace, name) else { return Outcome::Conflict };
                let patch = patch::service(&known, &self.color_label, uid, version, change);
                self.patch(&caches.services, Change::Service, namespace, name, body(patch), dry).await
            }
            Object::Deployment(name) => {
                let patch = body(patch::other(version, change));
                self.patch(&caches.deployments, Change::Deployment, namespace, name, patch, dry).await
            }
            Object::Autoscaler(name) => {
                let patch = body(patch::other(version, change));
                self.patch(&caches.autoscalers, Change::Autoscaler, namespace, name, patch, dry).await
            }
        }
    }

    async fn patch<K: Kept>(
        &self,
        store: &Store<K>,
        change: fn(Changed<K>) -> Change,
        namespace: &str,
        name: &str,
        body: Value,
        dry: bool,
    ) -> Outcome {
        let api: Api<K> = Api::namespaced(self.client.clone(), namespace);
        let answer = api.patch(name, &parameters(dry), &Patch::Merge(body)).await;
        if dry { Outcome::of(answer) } else { self.take(store, change, answer) }
    }

    /// Takes an answer into the caches.
    pub(super) fn take<K: Kept>(
        &self,
        store: &Store<K>,
        change: fn(Changed<K>) -> Change,
        answer: kube::Result<K>,
    ) -> Outcome {
        let object = match answer {
            Ok(object) => object,
            Err(error) => return Outcome::of::<K>(Err(error)),
        };
        if let Some(changed) = store.take(object) {
            (self.told)(change(changed));
        }
        Outcome::Made
    }
}

fn parameters(dry: bool) -> PatchParams {
    PatchParams { dry_run: dry, field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() }
}
