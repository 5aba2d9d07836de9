//! Everything put together.

use std::{sync::Arc, time::Duration};

use kube::Client;
use tokio::{sync::watch, task::JoinSet, time::Instant};
use tracing::{info, warn};

use crate::{
    cache::{self, Caches},
    clock::Clock,
    controller::Controller,
    lease::{self, Keeper},
};

/// How long turns under way may take to end after SIGTERM.
const LAST_TURNS: Duration = Duration::from_secs(8);
/// How often it is looked whether the caches are filled.
const FILLING: Duration = Duration::from_millis(20);

/// What an operator needs to know.
#[derive(Clone, Debug)]
pub struct Options {
    /// Only this namespace.
    pub namespace: Option<String>,
    /// The label that says of which colour a pod is.
    pub color_label: String,
    /// The lease by which it leads.
    pub lease: lease::Options,
}

/// The operator.
pub struct Operator {
    client: Client,
    caches: Arc<Caches>,
    clock: Clock,
    options: Options,
}

impl Operator {
    /// One that has not begun.
    #[must_use]
    pub fn new(client: Client, options: Options, clock: Clock) -> Self {
        Self { client, caches: Arc::default(), clock, options }
    }

    /// What the API server has told so far.
    #[must_use]
    pub const fn caches(&self) -> &Arc<Caches> {
        &self.caches
    }

    /// Watches, leads and switches until `stop` comes; then the turns under way end, the lease is given back, and the watches end last.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Self { client, caches, clock, options } = self;
        let (controller, told) =
            Controller::new(client.clone(), Arc::clone(&caches), clock.clone(), options.color_label);
        let watched = cache::Options { namespace: options.namespace };
        let _watches = caches.watch(&client, &watched, &told);
        let (mut keeper, leads) = Keeper::new(client, options.lease, clock);
        let (stopping, stopped) = watch::channel(false);
        // Whoever drops this future drops its tasks with it.
        let mut turns = JoinSet::new();
        turns.spawn(controller.run(leads, async move { ended(stopped).await }));
        let lead = async {
            filled(&caches).await;
            keeper.run().await;
        };
        tokio::select! {
            biased;
            () = stop => {}
            () = lead => {}
        }
        info!("stops");
        stopping.send_replace(true);
        if tokio::time::timeout(LAST_TURNS, turns.join_next()).await.is_err() {
            warn!("turns were still under way after {LAST_TURNS:?}");
        }
        keeper.give_back().await;
    }
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
