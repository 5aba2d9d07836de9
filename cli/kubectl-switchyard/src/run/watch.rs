//! `status -w`: as it happens.

use std::{pin::pin, time::Duration};

use futures_util::{
    StreamExt,
    stream::{BoxStream, select_all},
};
use k8s_openapi::{
    NamespaceResourceScope,
    api::{apps::v1::Deployment, core::v1::Service, discovery::v1::EndpointSlice},
};
use kube::{
    Resource,
    runtime::{
        WatchStreamExt,
        reflector::{self, Store},
        watcher,
    },
};
use rollout::BlueGreen;
use serde::de::DeserializeOwned;
use tokio::time::interval;

use super::{dated, now};
use crate::{
    cluster::Cluster,
    console::Console,
    failure::{Exit, Failure},
    picture::{Objects, Picture, draw, line},
};

/// The same objects as in [`Cluster::objects`], kept up to date.
struct Watched {
    blue_greens: Store<BlueGreen>,
    deployments: Store<Deployment>,
    services: Store<Service>,
    slices: Store<EndpointSlice>,
}

/// Shows the picture until somebody ends it, or deletes the object: on a terminal drawn anew in its place with every change and every second, elsewhere a
/// line for each change.
pub(super) async fn status(name: &str, cluster: &Cluster, console: &Console) -> Result<Exit, Failure> {
    // What does not exist, or may not be seen, is told at once.
    let first = cluster.blue_green(name).await?;
    cluster.objects(&first).await?;
    let config = watcher::Config::default().fields(&format!("metadata.name={name}"));
    let mut changes = vec![];
    let watched = Watched {
        blue_greens: kept(cluster, config, &mut changes),
        deployments: kept(cluster, watcher::Config::default(), &mut changes),
        services: kept(cluster, watcher::Config::default(), &mut changes),
        slices: kept(cluster, watcher::Config::default().labels("kubernetes.io/service-name"), &mut changes),
    };
    let mut changes = pin!(select_all(changes));
    let mut tick = interval(Duration::from_secs(1));
    let (mut said, mut noted) = (String::new(), String::new());
    loop {
        tokio::select! {
            Some(change) = changes.next() => if let Err(error) = change {
                let failure = Failure::of_watch("what belongs to it", error).map(|failure| failure.told().to_string());
                if let Some(failure) = failure.filter(|failure| *failure != noted) {
                    console.note(&failure);
                    noted = failure;
                }
                continue;
            },
            _ = tick.tick() => if !console.is_terminal() { continue },
        }
        if watched.is_gone() {
            return Err(Failure::Gone(name.to_owned()));
        }
        let Some(picture) = watched.picture(cluster) else { continue };
        if console.is_terminal() {
            console.redraw(&draw(&picture, console.look().width));
        } else if line(&picture) != said {
            said = line(&picture);
            console.say(dated(&picture));
        }
    }
}

/// A store that follows the cluster; its changes are told by a stream, which must be polled for that.
fn kept<K>(
    cluster: &Cluster,
    config: watcher::Config,
    changes: &mut Vec<BoxStream<'static, Result<(), watcher::Error>>>,
) -> Store<K>
where
    K: Resource<Scope = NamespaceResourceScope>
        + Clone
        + std::fmt::Debug
        + DeserializeOwned
        + Send
        + Sync
        + 'static,
    K::DynamicType: Default + Clone + Eq + std::hash::Hash + Send,
{
    let (store, writer) = reflector::store();
    let events = watcher(cluster.api::<K>(), config).default_backoff().reflect(writer);
    changes.push(events.map(|event| event.map(drop)).boxed());
    store
}

impl Watched {
    fn is_gone(&self) -> bool {
        all(&self.blue_greens).is_some_and(|objects| objects.is_empty())
    }

    /// Nothing until all of it was read once.
    fn picture(&self, cluster: &Cluster) -> Option<Picture> {
        let object = self.blue_greens.state().first().cloned()?;
        let objects = Objects {
            deployments: all(&self.deployments)?,
            services: all(&self.services)?,
            slices: all(&self.slices)?,
        };
        Some(Picture::of(&object, &objects, cluster.label(), now()))
    }
}

fn all<K>(store: &Store<K>) -> Option<Vec<K>>
where
    K: Resource + Clone + 'static,
    K::DynamicType: Eq + std::hash::Hash + Clone,
{
    let read = futures_util::FutureExt::now_or_never(store.wait_until_ready()).is_some();
    read.then(|| store.state().iter().map(|object| K::clone(object)).collect())
}
