//! A watch of one resource. It is of our own because it must be known how long it has told nothing, bookmarks included, and until which
//! version everything has been told.

use std::{pin::pin, time::Duration};

use futures_util::{StreamExt, TryStreamExt};
use kube::{
    Api, Client,
    api::{ListParams, WatchEvent, WatchParams},
};
use tracing::{debug, warn};

use super::store::{Changed, Older, Store};
use crate::resources::{Kept, is_newer, number};

/// The server ends a watch after so many seconds, and says by a bookmark shortly before that nothing was left out.
const TIMEOUT: u32 = 60;
/// A watch that the server does not end is given up.
const DEAD: Duration = Duration::from_secs(70);
/// So many objects in an answer.
const PAGE: u32 = 250;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// What is watched.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Only this namespace.
    pub namespace: Option<String>,
}

/// A watch of one resource.
pub struct Watch {
    client: Client,
    options: Options,
}

/// Why a watch has ended.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("listing")]
    List(#[source] kube::Error),
    #[error("listing: the answer is older than what is known")]
    Older,
    #[error("watching")]
    Watch(#[source] kube::Error),
    #[error("watching: too far behind")]
    Behind,
}

impl Watch {
    /// Of the resource whose store it is given.
    #[must_use]
    pub const fn new(client: Client, options: Options) -> Self {
        Self { client, options }
    }

    /// Keeps the store in step for ever; `told` is called for each change.
    pub async fn run<K: Kept>(&self, store: &Store<K>, told: impl Fn(Changed<K>)) {
        let api: Api<K> = match &self.options.namespace {
            Some(namespace) => Api::namespaced(self.client.clone(), namespace),
            None => Api::all(self.client.clone()),
        };
        let plural = K::plural(&());
        let mut pause = FIRST_PAUSE;
        let mut version: Option<String> = None;
        loop {
            let ended = match version.take() {
                None => list(&api, store, &told).await,
                Some(version) => follow(&api, version, store, &told).await,
            };
            match ended {
                Ok(from) => {
                    (version, pause) = (Some(from), FIRST_PAUSE);
                    continue;
                }
                Err((Error::Behind, _)) => debug!(resource = %plural, "{plural} are listed anew"),
                Err((error, from)) => {
                    warn!(resource = %plural, error = crate::error::chain(&error), "cannot watch {plural}");
                    version = from;
                }
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// The version from which to go on; or why not, and whether from somewhere all the same.
type Ended = Result<String, (Error, Option<String>)>;

async fn list<K: Kept>(api: &Api<K>, store: &Store<K>, told: &impl Fn(Changed<K>)) -> Ended {
    let mut params = ListParams::default().limit(PAGE);
    let mut objects = vec![];
    let version = loop {
        let mut page = api.list(&params).await.map_err(|error| (Error::List(error), None))?;
        objects.append(&mut page.items);
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params.continue_token = Some(token),
            None => break page.metadata.resource_version.unwrap_or_default(),
        }
    };
    let changed = store.replace(objects, version.parse().ok()).map_err(|Older| (Error::Older, None))?;
    for changed in changed {
        told(changed);
    }
    Ok(version)
}

async fn follow<K: Kept>(
    api: &Api<K>,
    mut version: String,
    store: &Store<K>,
    told: &impl Fn(Changed<K>),
) -> Ended {
    let params = WatchParams::default().timeout(TIMEOUT);
    let stream = api.watch(&params, &version).await.map_err(|error| broken(error, &version))?;
    let mut stream = pin!(stream.into_stream());
    loop {
        let event = match tokio::time::timeout(DEAD, stream.next()).await {
            Ok(Some(event)) => event,
            Ok(None) => {
                // Of a resource of which it has never seen anything the API server tells nothing at all, not even by a bookmark.
                store.ended_in_order();
                return Ok(version);
            }
            Err(_) => return Ok(version),
        };
        let changed = match event.map_err(|error| broken(error, &version))? {
            WatchEvent::Added(object) | WatchEvent::Modified(object) => {
                version = later(version, object.resource_version());
                let (at, changed) = (number(object.meta()), store.take(object));
                store.told_until(at);
                changed
            }
            WatchEvent::Deleted(object) => {
                version = later(version, object.resource_version());
                let changed = store.forget(&object);
                store.told_until(number(object.meta()));
                changed
            }
            WatchEvent::Bookmark(bookmark) => {
                version = later(version, Some(bookmark.metadata.resource_version));
                store.told_until(version.parse().ok());
                None
            }
            WatchEvent::Error(status) => return Err(broken(kube::Error::Api(status), &version)),
        };
        if let Some(changed) = changed {
            told(changed);
        }
    }
}

/// What is told twice does not lead back.
fn later(known: String, told: Option<String>) -> String {
    let version = |text: &str| text.parse::<u64>().ok();
    told.filter(|told| is_newer(version(told), version(&known))).unwrap_or(known)
}

/// After anything but «too far behind» the watch goes on from where it was.
fn broken(error: kube::Error, version: &str) -> (Error, Option<String>) {
    match error {
        kube::Error::Api(status) if status.code == 410 => (Error::Behind, None),
        error => (Error::Watch(error), Some(version.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use fake_apiserver::{
        Server,
        faults::{Fault, Faults},
    };
    use k8s_openapi::jiff::Timestamp;
    use kube::client::ClientBuilder;
    use tokio::time::{Instant, sleep};
    use tower::Layer;

    use super::*;
    use crate::{cache::SILENT, resources::Autoscaler};

    /// The longest silence of a watch of autoscalers, of which there never was one, in ten minutes.
    async fn longest_silence(faults: &Faults) -> Duration {
        let server = Server::starting_at(Timestamp::UNIX_EPOCH);
        let client = ClientBuilder::new(faults.layer(server), "shop").build();
        let store = Store::<Autoscaler>::default();
        let watch = Watch::new(client, Options::default());
        let looks = async {
            let (began, mut longest) = (Instant::now(), Duration::ZERO);
            while began.elapsed() < Duration::from_secs(600) {
                sleep(Duration::from_secs(1)).await;
                longest = longest.max(store.silence().lasts());
            }
            longest
        };
        tokio::select! {
            biased;
            () = watch.run(&store, |_| ()) => unreachable!("it runs for ever"),
            longest = looks => longest,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_watch_of_what_never_was_is_not_silent_since_the_server_ends_it_in_order() {
        let longest = longest_silence(&Faults::new(|_| None)).await;
        assert!(longest > Duration::from_secs(50) && longest < SILENT, "{longest:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_watch_that_stalls_is_silent_however_often_it_begins_anew() {
        let stalls = Faults::new(|asked| asked.watches.then_some(Fault::Stalls(0)));
        assert!(longest_silence(&stalls).await > SILENT);
    }
}
