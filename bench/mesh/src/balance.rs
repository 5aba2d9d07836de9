//! A balancer over many endpoints that are all well: what a choice costs, what a call costs, and how long a change takes.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use mesh::{
    BoxError,
    balance::{Balance, Handle, Policy},
    classify::Results,
    discovery::{Endpoint, EndpointSet},
};
use tokio::{
    runtime::{Builder, Runtime},
    sync::watch,
    time::Instant,
};
use tower::util::BoxCloneSyncService;

use crate::{
    Failure,
    compare::Candidate,
    measure::{Once, Subject, calls, finish, finish_later},
    report::{Goal, Row},
};

type Service = BoxCloneSyncService<(), u64, std::io::Error>;

/// A choice among 100 endpoints, alone and as a part of a call.
pub(crate) fn candidates() -> Result<Vec<Candidate>, Failure> {
    let bare = Policy { breaker: None, outlier: None, ..Policy::default() };
    Ok(vec![
        Candidate::new("a choice among 100 endpoints", Some(Goal::Nanos(200.0)), choices(Policy::default())?)
            .allocates(0.0),
        Candidate::new("a boxed service, cloned and called", None, boxed()),
        Candidate::new("a call over 100 endpoints without breakers, of such services", None, over(bare)?),
        Candidate::new("the same with breakers and ejections", None, over(Policy::default())?),
    ])
}

/// From the moment that a source tells a set of 1,000 endpoints of which one is another until calls go to it.
pub(crate) fn changes(rounds: u32) -> Result<Row, Failure> {
    let pool = Pool::new(1_000, Policy::default())?;
    let mut nanos = vec![];
    for round in 0..rounds {
        let set = set((round..round + 1_000).map(|number| number + 1));
        let known = pool.handle.sets();
        let begun = Instant::now();
        pool.source.send_replace(Some(set));
        pool.runtime.block_on(async {
            while pool.handle.sets() == known {
                tokio::task::yield_now().await;
            }
        });
        nanos.push(begun.elapsed().as_secs_f64() * 1e9);
    }
    Ok(Row::new("a change of one endpoint among 1,000, applied", &nanos).goals(&[Goal::Nanos(1e6)]))
}

/// A balancer with all that keeps it alive.
struct Pool {
    runtime: Runtime,
    source: watch::Sender<Option<EndpointSet>>,
    service: Balance<Service, Results>,
    handle: Handle<Service>,
}

impl Pool {
    /// Each endpoint was heard of.
    fn new(endpoints: u32, policy: Policy) -> Result<Self, Failure> {
        let runtime = Builder::new_current_thread().enable_time().build()?;
        let (source, receiver) = watch::channel(Some(set(0..endpoints)));
        let service = runtime.block_on(async {
            let balance = Balance::new(policy, receiver, Results::default(), |_: &Endpoint| service())?;
            let handle = balance.handle();
            while handle.sets() == 0 {
                tokio::task::yield_now().await;
            }
            Ok::<_, BoxError>(balance)
        })?;
        let mut warm = service.clone();
        for _ in 0..endpoints * 10 {
            let _ = finish(finish_later(&mut warm));
        }
        Ok(Self { runtime, source, handle: service.handle(), service })
    }
}

fn choices(policy: Policy) -> Result<[Subject; 2], Failure> {
    let pool = Arc::new(Pool::new(100, policy)?);
    Ok([(); 2].map(|()| {
        let pool = Arc::clone(&pool);
        calls(move || std::future::ready((finish(Once::default()).is_ok(), pool.handle.pick().is_ok())))
    }))
}

fn over(policy: Policy) -> Result<[Subject; 2], Failure> {
    let pool = Arc::new(Pool::new(100, policy)?);
    Ok([(); 2].map(|()| {
        let (pool, mut service) = (Arc::clone(&pool), pool.service.clone());
        calls(move || {
            let _alive = &pool;
            finish_later(&mut service)
        })
    }))
}

fn boxed() -> [Subject; 2] {
    let service = service();
    [(); 2].map(|()| {
        let service = service.clone();
        calls(move || finish_later(&mut service.clone()))
    })
}

fn service() -> Service {
    Service::new(tower::service_fn(|()| Once::default()))
}

fn set(numbers: impl IntoIterator<Item = u32>) -> EndpointSet {
    let address = |number| SocketAddr::from((Ipv4Addr::from(0x0a00_0000 + number), 80));
    numbers.into_iter().map(|number| Endpoint::new(address(number))).collect()
}
