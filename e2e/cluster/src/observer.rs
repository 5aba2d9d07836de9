//! One observer, on one clock: what the API server shows it, and when.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::{Stream, StreamExt};
use k8s_openapi::api::{
    core::v1::{Pod, Service},
    discovery::v1::EndpointSlice,
};
use kube::{
    ResourceExt,
    runtime::watcher::{self, Event, watcher},
};
use rollout::Colour;
use tokio::{sync::watch, task::JoinSet, time::Instant};

use crate::{Failure, Stage};

const COLOUR: &str = "switchyard.dev/color";

/// Something that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// What a Service selects.
    Selects {
        /// The Service.
        service: String,
        /// The colour, if there is one.
        colour: Option<Colour>,
    },
    /// How many ready endpoints of each colour all slices of a Service show.
    Endpoints {
        /// The Service.
        service: String,
        /// Blue and green.
        ready: [usize; 2],
    },
    /// Whether a pod is ready.
    Pod {
        /// Its name.
        name: String,
        /// Whether it is, and is not being deleted.
        ready: bool,
    },
}

/// Watches the Services, EndpointSlices and pods of a namespace.
#[derive(Debug)]
pub struct Observer {
    seen: Arc<Seen>,
    _watches: JoinSet<()>,
}

#[derive(Debug, Default)]
struct Seen {
    sights: Mutex<Vec<(Instant, Sight)>>,
    count: watch::Sender<usize>,
}

impl Seen {
    fn write(&self, sight: Sight) {
        let now = Instant::now();
        let mut sights = self.sights();
        sights.push((now, sight));
        self.count.send_replace(sights.len());
    }

    fn sights(&self) -> MutexGuard<'_, Vec<(Instant, Sight)>> {
        self.sights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer {
    /// Begins, with what there is.
    #[must_use]
    pub fn begin(stage: &Stage) -> Self {
        let seen = Arc::new(Seen::default());
        let mut watches = JoinSet::new();
        let config = watcher::Config::default;
        watches.spawn(services(watcher(stage.api(), config()), Arc::clone(&seen)));
        watches.spawn(endpoints(watcher(stage.api(), config()), Arc::clone(&seen)));
        watches.spawn(pods(watcher(stage.api(), config()), Arc::clone(&seen)));
        Self { seen, _watches: watches }
    }

    /// When the first sight like this was seen, from a moment on; waits for it.
    ///
    /// # Errors
    /// It is not seen within half a minute.
    pub async fn first(
        &self,
        what: &str,
        from: Instant,
        like: impl Fn(&Sight) -> bool,
    ) -> Result<Instant, Failure> {
        let mut count = self.seen.count.subscribe();
        let find = || {
            let sights = self.seen.sights();
            sights.iter().find(|(at, sight)| *at >= from && like(sight)).map(|(at, _)| *at)
        };
        let looking = async {
            loop {
                if let Some(at) = find() {
                    return Ok(at);
                }
                count.changed().await?;
            }
        };
        let looked = tokio::time::timeout(std::time::Duration::from_secs(30), looking).await;
        looked.map_err(|_| format!("within 30 s was not seen: {what}"))?
    }

    /// All that was seen from a moment on.
    #[must_use]
    pub fn since(&self, from: Instant) -> Vec<(Instant, Sight)> {
        self.seen.sights().iter().filter(|(at, _)| *at >= from).cloned().collect()
    }
}

async fn services(events: impl Stream<Item = watcher::Result<Event<Service>>>, seen: Arc<Seen>) {
    each(events, |service, _| {
        let selector = service.spec.as_ref().and_then(|spec| spec.selector.as_ref());
        let colour = selector.and_then(|selector| selector.get(COLOUR)).and_then(|colour| read(colour));
        seen.write(Sight::Selects { service: service.name_any(), colour });
    })
    .await;
}

async fn endpoints(events: impl Stream<Item = watcher::Result<Event<EndpointSlice>>>, seen: Arc<Seen>) {
    let mut slices: BTreeMap<String, (String, [usize; 2])> = BTreeMap::new();
    each(events, |slice, deleted| {
        let Some(service) = slice.labels().get("kubernetes.io/service-name").cloned() else { return };
        if deleted {
            slices.remove(&slice.name_any());
        } else {
            slices.insert(slice.name_any(), (service.clone(), ready(&slice)));
        }
        let all = slices.values().filter(|(of, _)| *of == service);
        let ready = all.fold([0, 0], |sum, (_, ready)| [sum[0] + ready[0], sum[1] + ready[1]]);
        seen.write(Sight::Endpoints { service, ready });
    })
    .await;
}

async fn pods(events: impl Stream<Item = watcher::Result<Event<Pod>>>, seen: Arc<Seen>) {
    each(events, |pod, deleted| {
        let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
        let is_ready =
            conditions.is_some_and(|all| all.iter().any(|one| one.type_ == "Ready" && one.status == "True"));
        let ready = is_ready && !deleted && pod.metadata.deletion_timestamp.is_none();
        seen.write(Sight::Pod { name: pod.name_any(), ready });
    })
    .await;
}

/// What comes, and whether it is gone. A watch that fails is begun anew.
async fn each<K>(events: impl Stream<Item = watcher::Result<Event<K>>>, mut see: impl FnMut(K, bool)) {
    let mut events = std::pin::pin!(events);
    while let Some(event) = events.next().await {
        match event {
            Ok(Event::Apply(object) | Event::InitApply(object)) => see(object, false),
            Ok(Event::Delete(object)) => see(object, true),
            Ok(Event::Init | Event::InitDone) | Err(_) => {}
        }
    }
}

/// The pods of a side are told by their name, which their Deployment's begins.
fn ready(slice: &EndpointSlice) -> [usize; 2] {
    let ready = slice.endpoints.iter().filter(|endpoint| {
        endpoint.conditions.as_ref().is_some_and(|conditions| conditions.ready == Some(true))
    });
    let mut count = [0, 0];
    for endpoint in ready {
        let name = endpoint.target_ref.as_ref().and_then(|of| of.name.as_deref()).unwrap_or_default();
        for (count, colour) in count.iter_mut().zip(Colour::BOTH) {
            *count += usize::from(name.contains(&format!("-{colour}-")));
        }
    }
    count
}

fn read(label: &str) -> Option<Colour> {
    Colour::BOTH.into_iter().find(|colour| colour.label() == label)
}
