//! What is read from the API server itself.

use std::{collections::BTreeMap, sync::Arc};

use futures_util::future::{join, join_all, try_join_all};
use kube::{Api, Error, ResourceExt, Result, api::ListParams, core::SelectorExt};
use rollout::{Change as Planned, Colour, Object, Phase, Write, observed};

use super::{Hands, Outcome, Term};
use crate::{
    cache::{Change, Changed, Store},
    key::Key,
    observe::{self, World},
    resources::{Declared, EndpointSlice, Kept, Pod, SERVICE_NAME, Service},
};

impl Hands {
    /// Reads an object, and takes it into the caches.
    pub async fn refresh(&self, namespace: &str, object: &Object) -> Result<()> {
        let caches = &self.caches;
        match object {
            Object::Service(name) => self.get(&caches.services, Change::Service, namespace, name).await,
            Object::Deployment(name) => {
                self.get(&caches.deployments, Change::Deployment, namespace, name).await
            }
            Object::Autoscaler(name) => {
                self.get(&caches.autoscalers, Change::Autoscaler, namespace, name).await
            }
        }
    }

    /// Reads a BlueGreen, and takes it into the caches.
    pub async fn refresh_declared(&self, key: &Key) -> Result<()> {
        self.get(&self.caches.declared, Change::Declared, &key.namespace, &key.name).await
    }

    /// Reads a Service's slices, and takes them into the caches: what they showed before the Service was pointed elsewhere is no evidence.
    pub async fn refresh_slices(&self, namespace: &str, service: &str) -> Result<()> {
        let store = &self.caches.slices;
        let known = store.grouped(namespace, service);
        let api: Api<EndpointSlice> = Api::namespaced(self.client.clone(), namespace);
        let params = ListParams::default().labels(&format!("{SERVICE_NAME}={service}"));
        let listed = api.list(&params).await?.items;
        let gone =
            known.iter().filter(|known| listed.iter().all(|slice| slice.name_any() != known.name_any()));
        let gone: Vec<_> = gone.filter_map(|slice| store.forget(slice)).collect();
        for changed in listed.into_iter().filter_map(|slice| store.take(slice)).chain(gone) {
            (self.told)(Change::Slice(changed));
        }
        Ok(())
    }

    /// Reads those slices of a Service that are known, each by its name: the API server answers that at once, and a list when etcd has told its cache how
    /// far it is, which may take 100 ms.
    pub async fn refresh_known_slices(&self, namespace: &str, service: &str) -> Result<()> {
        let store = &self.caches.slices;
        let names = store.grouped(namespace, service).into_iter().map(|slice| slice.name_any());
        let reads = names.map(|name| async move { self.get(store, Change::Slice, namespace, &name).await });
        try_join_all(reads).await.map(drop)
    }

    async fn get<K: Kept>(
        &self,
        store: &Store<K>,
        change: fn(Changed<K>) -> Change,
        namespace: &str,
        name: &str,
    ) -> Result<()> {
        let known = store.get(namespace, name);
        let api: Api<K> = Api::namespaced(self.client.clone(), namespace);
        let changed = match api.get_opt(name).await? {
            Some(object) => store.take(object),
            None => known.and_then(|known| store.forget(&known)),
        };
        if let Some(changed) = changed {
            (self.told)(change(changed));
        }
        Ok(())
    }

    /// Finds out of each of these uids whether a BlueGreen has it.
    pub async fn identify(&self, term: &Term, namespace: &str, uids: Vec<String>) -> Result<()> {
        let api: Api<Declared> = Api::namespaced(self.client.clone(), namespace);
        for object in api.list(&ListParams::default()).await?.items {
            if let Some(changed) = self.caches.declared.take(object) {
                (self.told)(Change::Declared(changed));
            }
        }
        let unknown = |uid: &String| self.caches.declared.grouped(namespace, uid).is_empty();
        uids.into_iter().filter(unknown).for_each(|uid| term.bury(uid));
        Ok(())
    }

    /// What a plan asks for: before a switch the pods of the new side and what a dry run of each write says, all at once, and otherwise who selects which side.
    pub async fn live(&self, world: &World<'_>, phase: Phase, to: Colour) -> Result<observed::Live> {
        if phase != Phase::Switching {
            let services = self.services(world).await?;
            return Ok(observed::Live {
                references: world.references(&services),
                ..observed::Live::default()
            });
        }
        let (pods, refused) = join(self.pods(world, to), self.refusals(world, to)).await;
        Ok(observed::Live { pods: pods?, refused: refused?, ..observed::Live::default() })
    }

    async fn services(&self, world: &World<'_>) -> Result<Vec<Arc<Service>>> {
        let api: Api<Service> = Api::namespaced(self.client.clone(), world.namespace);
        let list = api.list(&ListParams::default()).await?;
        Ok(list.items.into_iter().map(Arc::new).collect())
    }

    /// One list for all workloads. A list of what is there now waits until etcd has told the API server's cache of pods how far it is; it is asked at
    /// once, but then not again within 100 ms, so that a second list would have to wait.
    async fn pods(
        &self,
        world: &World<'_>,
        to: Colour,
    ) -> Result<BTreeMap<(String, Colour), Vec<observed::Pod>>> {
        let api: Api<Pod> = Api::namespaced(self.client.clone(), world.namespace);
        let label = format!("{}={to}", world.color_label);
        let listed = api.list(&ListParams::default().labels(&label)).await?.items;
        let listed: Vec<_> = listed.into_iter().map(Arc::new).collect();
        let workloads = world.declared.content().map_or(&[][..], |content| &content.spec.workloads);
        let sides = workloads.iter().filter_map(|workload| {
            let name = observe::deployment(workload, to);
            let deployment = self.caches.deployments.get(world.namespace, name)?;
            let selector = deployment.selector().filter(|selector| !selector.selects_all())?;
            let pods = listed.iter().filter(|pod| selector.matches(pod.labels()));
            Some(((workload.name.clone(), to), world.pods(workload, to, deployment, pods)))
        });
        Ok(sides.collect())
    }

    /// Those Services whose write is refused by a dry run, and with which words.
    async fn refusals(&self, world: &World<'_>, to: Colour) -> Result<BTreeMap<String, String>> {
        let workloads = world.declared.content().map_or(&[][..], |content| &content.spec.workloads);
        let names = workloads.iter().flat_map(|workload| &workload.services).map(|service| &service.name);
        let runs = names.map(|name| async move {
            let (object, change) = (Object::Service(name.clone()), Planned::Point { to, n: u64::MAX });
            let write = Write { object, version: String::new(), change };
            match self.would(world.namespace, world.declared.uid(), &write).await {
                Outcome::Made | Outcome::Conflict => Ok(None),
                Outcome::Refused(words) => Ok(Some((name.clone(), words))),
                Outcome::NotNow => Err(unanswered("too many requests")),
                Outcome::Unknown(why) => Err(unanswered(&why)),
            }
        });
        join_all(runs).await.into_iter().filter_map(Result::transpose).collect()
    }
}

fn unanswered(why: &str) -> Error {
    Error::Service(format!("a dry run has no answer: {why}").into())
}
