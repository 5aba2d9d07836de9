//! The task of a balancer: it follows the set of endpoints and ends intervals, whether there are calls or not.

use std::{collections::HashSet, net::SocketAddr, sync::Arc};

use tokio::{
    select,
    sync::watch,
    time::{Instant, MissedTickBehavior, interval_at, sleep},
};

use super::{member::Member, pool::Pool};
use crate::{
    circuit_breaker,
    clock::Clock,
    discovery::{Endpoint, EndpointSet},
};

/// An interval of one who never compares.
const NEVER: std::time::Duration = std::time::Duration::from_secs(3600);

/// Runs until it is aborted. A source that has ended leaves the last set as it is.
pub(super) async fn follow<S, C, F>(
    pool: Arc<Pool<S, C>>,
    mut endpoints: watch::Receiver<Option<EndpointSet>>,
    mut connect: F,
) where
    S: Send + Sync + 'static,
    C: Clock,
    F: FnMut(&Endpoint) -> S + Send + 'static,
{
    let interval = pool.policy.outlier.as_ref().map_or(NEVER, |outlier| outlier.interval);
    let mut intervals = interval_at(Instant::now() + interval, interval);
    intervals.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut first_set = std::pin::pin!(sleep(pool.policy.first_set_within));
    let mut waits = true;
    let mut goes_on = true;
    endpoints.mark_changed();
    loop {
        select! {
            biased;
            changed = endpoints.changed(), if goes_on => {
                if changed.is_err() {
                    goes_on = false;
                    pool.know_of_none();
                    continue;
                }
                let set = endpoints.borrow_and_update().clone();
                if let Some(set) = set {
                    waits = false;
                    apply(&pool, &set, &mut connect);
                }
            }
            () = &mut first_set, if waits => {
                waits = false;
                pool.know_of_none();
            }
            _ = intervals.tick() => pool.end_interval(pool.clock.now()),
        }
    }
}

/// Connects whoever joins, without any lock, then has calls go to the new set.
fn apply<S, C, F>(pool: &Arc<Pool<S, C>>, set: &EndpointSet, connect: &mut F)
where
    S: Send + Sync + 'static,
    C: Clock,
    F: FnMut(&Endpoint) -> S,
{
    let missing: HashSet<_> = pool.missing(set).into_iter().collect();
    let joining = set.iter().filter(|endpoint| missing.contains(&endpoint.address));
    let joining = joining.map(|endpoint| {
        let breaker = breaker(pool, endpoint.address);
        Arc::new(Member::new(endpoint.address, connect(endpoint), breaker, &pool.policy))
    });
    pool.apply(set, joining.collect(), pool.clock.now());
}

/// The breaker of an endpoint, which tells the pool when it changes.
fn breaker<S, C>(pool: &Arc<Pool<S, C>>, address: SocketAddr) -> Option<circuit_breaker::Handle<C>>
where
    S: Send + Sync + 'static,
    C: Clock,
{
    let policy = pool.policy.breaker.clone()?;
    let told = Arc::downgrade(pool);
    let builder = circuit_breaker::Builder::new(policy)
        .clock(pool.clock.clone())
        .seed(pool.random.next())
        .on_transition(move |transition| {
            if let Some(pool) = told.upgrade() {
                pool.gate_changed(address, *transition);
            }
        });
    // The whole policy was looked at before.
    builder.build(()).ok().map(|layer| layer.handle())
}
