//! Operators that are started, killed, and started again, one or two at a time.

use std::{
    future::pending,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use fake_apiserver::faults::{Faults, Random, seeded};
use kube::client::ClientBuilder;
use operator::{
    Clock, Operator, Options,
    client::{DeadlineLayer, TIMEOUT},
    config::PodsVia,
    gates::GateHosts,
    lease,
    metrics::Metrics,
};
use rollout::Time;
use tokio::{
    select,
    time::{Instant, sleep, sleep_until},
};
use tower::Layer;

use crate::{
    cluster::{COLOUR, Cluster, NAMESPACE},
    pods::WithPods,
    world::Death,
};

/// Keeps one operator running, each life with faults of its own, until the faults end; the last one then goes on without.
pub(crate) async fn live(cluster: Arc<Cluster>, mut random: Random, healed: Instant) {
    for life in 0.. {
        let faults = Faults::new(seeded(random.next_u64(), cluster.world.percent));
        match cluster.world.death {
            Death::Drawn if random.happens(70) => faults.kill_after(random.below(16)),
            Death::After(writes) if life == 0 => faults.kill_after(writes),
            Death::Drawn | Death::After(_) | Death::Never => {}
        }
        let identity = format!("operator-{}-{life}", random.next_u64());
        select! {
            biased;
            () = run(&cluster, &faults, identity.clone()) => {}
            () = faults.killed() => drop(cluster.deaths.fetch_add(1, Ordering::Relaxed)),
            () = sleep_until(healed) => break,
        }
        sleep(Duration::from_millis(random.below(5_000))).await;
        if Instant::now() >= healed {
            break;
        }
    }
    run(&cluster, &Faults::new(|_| None), format!("healed-{}", random.next_u64())).await;
}

async fn run(cluster: &Arc<Cluster>, faults: &Faults, identity: String) {
    let service = faults.layer(WithPods(Arc::clone(cluster)));
    let client = ClientBuilder::new(service, NAMESPACE).with_layer(&DeadlineLayer::new(TIMEOUT)).build();
    let lease = lease::Options {
        namespace: NAMESPACE.to_owned(),
        name: "operator".to_owned(),
        identity,
        duration: Duration::from_secs(15),
    };
    let metrics = Metrics::new().unwrap();
    let color_label = COLOUR.to_owned();
    let options = Options {
        namespace: None,
        color_label,
        pods_via: PodsVia::Api,
        gate_hosts: GateHosts::default(),
        lease,
        metrics,
        webhook: None,
        collector: None,
    };
    let clock = cluster.server.clock();
    let clock = Clock::new(move || Time::from_millis(clock.now().as_millisecond()));
    Operator::new(client, options, clock).run(pending()).await;
}
