//! Everything put together.

use std::{sync::Arc, time::Duration};

use kube::{Client, runtime::reflector::ObjectRef};
use rollout::BlueGreen;
use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
    task::JoinSet,
    time::Instant,
};
use tracing::{error, info, warn};

use crate::{
    cache::{self, Caches},
    clock::Clock,
    config::PodsVia,
    controller::{Around, Controller},
    drains::Drains,
    gates::{GateHosts, Gates, Ways},
    http::{self, Health, Look},
    lease::{self, Keeper, Token},
    metrics::{Metrics, Scene},
    news::{Audience, Delivery, News, Webhook},
    pods::Reach,
    telemetry::Collector,
};

/// How long turns under way may take to end after SIGTERM.
const LAST_TURNS: Duration = Duration::from_secs(8);
/// So many answers of gates and pods wait for a turn; whoever has one more waits.
const ANSWERS: usize = 64;
/// How long what there is to tell may take to be told.
const LAST_NEWS: Duration = Duration::from_secs(2);
/// How often it is looked whether the caches are filled.
const FILLING: Duration = Duration::from_millis(20);

/// What an operator needs to know.
#[derive(Clone, Debug)]
pub struct Options {
    /// Only this namespace.
    pub namespace: Option<String>,
    /// The label that says of which colour a pod is.
    pub color_label: String,
    /// How pods are reached.
    pub pods_via: PodsVia,
    /// The servers besides the pods that gates may ask.
    pub gate_hosts: GateHosts,
    /// The lease by which it leads.
    pub lease: lease::Options,
    /// Where everything is counted.
    pub metrics: Metrics,
    /// Where transitions are posted.
    pub webhook: Option<Webhook>,
    /// Where traces go.
    pub collector: Option<Collector>,
}

/// The operator.
pub struct Operator {
    client: Client,
    caches: Arc<Caches>,
    clock: Clock,
    options: Options,
    listener: Option<TcpListener>,
}

impl Operator {
    /// One that has not begun.
    #[must_use]
    pub fn new(client: Client, options: Options, clock: Clock) -> Self {
        Self { client, caches: Arc::default(), clock, options, listener: None }
    }

    /// Its health and its metrics are served there.
    #[must_use]
    pub fn serving(mut self, listener: TcpListener) -> Self {
        self.listener = Some(listener);
        self
    }

    /// What the API server has told so far.
    #[must_use]
    pub const fn caches(&self) -> &Arc<Caches> {
        &self.caches
    }

    /// Watches, leads and switches until `stop` comes; then the turns under way end, the lease is given back, and the watches end last.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Self { client, caches, clock, options, listener } = self;
        let (around, asked, delivery) = around(&client, &options);
        let Options { namespace, color_label, lease, metrics, .. } = options;
        let (controller, told) =
            Controller::new(client.clone(), Arc::clone(&caches), clock.clone(), color_label, around);
        let mut watches = caches.watch(&client, &cache::Options { namespace }, &told);
        let (mut keeper, leads) = Keeper::new(client, lease, clock);
        let (health, mut parts) = (Health::default(), JoinSet::new());
        parts.spawn(take_answers(asked, Arc::clone(&controller)));
        if let Some(listener) = listener {
            let router = http::router(health.clone(), metrics, look(&caches, leads.clone()));
            parts.spawn(http::serve(listener, router));
        }
        let (stopping, stopped) = watch::channel(false);
        // Whoever drops this future drops its tasks with it.
        let mut turns = JoinSet::new();
        turns.spawn(controller.run(leads, async move { ended(stopped).await }));
        let lead = async {
            filled(&caches).await;
            health.ready();
            keeper.run().await;
        };
        tokio::select! {
            biased;
            () = stop => {}
            () = lead => {}
            // Without one of them it is of no use; whoever has started it starts it again.
            Some(_) = watches.join_next() => error!("a watch has ended"),
            Some(_) = turns.join_next() => error!("the turns have ended"),
            Some(_) = parts.join_next() => error!("answers are not heard any more, or health is not served"),
        }
        health.leaves();
        info!("stops");
        stopping.send_replace(true);
        if tokio::time::timeout(LAST_TURNS, turns.join_next()).await.is_err() {
            warn!("turns were still under way after {LAST_TURNS:?}");
        }
        keeper.give_back().await;
        delivery.finish(LAST_NEWS).await;
    }
}

/// Those who ask and tell in between turns, what they have heard, and what they tell.
fn around(client: &Client, options: &Options) -> (Around, mpsc::Receiver<ObjectRef<BlueGreen>>, Delivery) {
    let metrics = options.metrics.clone();
    let (news, delivery) = News::new(Audience {
        client: client.clone(),
        instance: options.lease.identity.clone(),
        webhook: options.webhook.clone(),
        collector: options.collector.clone(),
        metrics: metrics.clone(),
    });
    let pods = match options.pods_via {
        PodsVia::Direct => Reach::direct(),
        PodsVia::Api => Reach::through_the_api(client.clone()),
    };
    let (trigger, asked) = mpsc::channel(ANSWERS);
    let drains = Drains::new(pods.clone(), trigger.clone());
    let hosts = options.gate_hosts.clone();
    let ways = Ways { pods, hosts, client: client.clone(), metrics: metrics.clone() };
    let gates = Gates::new(ways, trigger);
    (Around { gates, drains, news, metrics }, asked, delivery)
}

/// Whose gates or pods have given another answer has a turn.
async fn take_answers(
    mut asked: mpsc::Receiver<ObjectRef<BlueGreen>>,
    controller: Arc<Controller>,
) -> std::io::Result<()> {
    while let Some(object) = asked.recv().await {
        controller.push(object.into());
    }
    Ok(())
}

/// What a scrape sees.
fn look(caches: &Arc<Caches>, leads: watch::Receiver<Option<Token>>) -> Look {
    let caches = Arc::clone(caches);
    Arc::new(move || {
        let names = caches.declared.names();
        let declared = names.iter().filter_map(|(namespace, name)| caches.declared.get(namespace, name));
        let stands = declared.filter_map(|declared| {
            let status = &declared.content()?.status;
            Some((status.phase, status.reason))
        });
        let silent = caches.silences().map(|(resource, silence)| (resource, silence.lasts()));
        Scene { bluegreens: stands.collect(), leads: leads.borrow().is_some(), silent: silent.into() }
    })
}

async fn ended(mut stopped: watch::Receiver<bool>) {
    // Where nobody can say any more that it ends, it has ended.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// Nobody leads who does not see everything.
async fn filled(caches: &Caches) {
    let began = Instant::now();
    while !caches.are_filled() {
        tokio::time::sleep(FILLING).await;
    }
    info!("has read everything after {:?}", began.elapsed());
}
