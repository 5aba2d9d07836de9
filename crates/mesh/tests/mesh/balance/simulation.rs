//! A fleet of which one endpoint is ten times slower, with callers who come whether or not the others were answered.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use mesh::classify::Results;
use tokio::{sync::Semaphore, time::Instant};

use super::*;

/// So many calls are worked at together; the others wait.
const WORKERS: usize = 4;

#[derive(Clone)]
struct Worker {
    takes: Duration,
    workers: Arc<Semaphore>,
}

impl Service<u32> for Worker {
    type Response = ();
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<(), Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    /// Takes half to one and a half times as long as it does on average.
    fn call(&mut self, percent: u32) -> Self::Future {
        let (takes, workers) = (self.takes * (50 + percent) / 100, Arc::clone(&self.workers));
        Box::pin(async move {
            let _worker = workers.acquire().await.expect("it is never closed");
            tokio::time::sleep(takes).await;
            Ok(())
        })
    }
}

struct Outcome {
    p99: Duration,
    /// How many endpoints were called how often is not known to callers, so servers say it.
    slow_share: f64,
}

/// Callers at 30 % of what two endpoints can do that take 10 ms on average, for 50 s of which the first 10 s warm up.
async fn run(slow: bool) -> Outcome {
    let endpoints = if slow { set(1..=3) } else { set(2..=3) };
    let (_source, endpoints) = watch::channel(Some(endpoints));
    let slow_workers = Arc::new(Mutex::new(0_u32));
    let connect = |endpoint: &Endpoint| {
        let takes = if endpoint.address == address(1) { MILLI * 100 } else { MILLI * 10 };
        Worker { takes, workers: Arc::new(Semaphore::new(WORKERS)) }
    };
    let balance = Builder::new(Policy::default()).seed(7).build(endpoints, Results::default(), connect);
    let balance = balance.expect("a policy in its ranges");
    settle().await;
    let mut random = 42_u64;
    let mut chance = move || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as f64 / f64::from(1_u32 << 31)
    };
    let begun = Instant::now();
    let mut calls = vec![];
    let mean = 10.0 / (2.0 * WORKERS as f64) / 0.3;
    while begun.elapsed() < SECOND * 50 {
        let percent = (chance() * 100.0) as u32;
        let (service, slow_workers) = (balance.clone(), Arc::clone(&slow_workers));
        let warm = begun.elapsed() >= SECOND * 10;
        calls.push(tokio::spawn(async move {
            let begun = Instant::now();
            service.oneshot(percent).await.expect("no endpoint fails");
            let took = begun.elapsed();
            if warm && took >= MILLI * 50 {
                *slow_workers.lock().expect("no panic") += 1;
            }
            warm.then_some(took)
        }));
        let wait = -(1.0 - chance()).ln() * mean;
        tokio::time::sleep(Duration::from_secs_f64(wait / 1000.0)).await;
    }
    let mut took: Vec<_> = futures_util::future::join_all(calls)
        .await
        .into_iter()
        .filter_map(|call| call.expect("no panic"))
        .collect();
    took.sort();
    let slow_calls = *slow_workers.lock().expect("no panic");
    Outcome { p99: took[took.len() * 99 / 100], slow_share: f64::from(slow_calls) / took.len() as f64 }
}

#[tokio::test(start_paused = true)]
async fn with_one_of_three_ten_times_slower_the_99th_percentile_is_at_most_half_higher_than_without_it() {
    let (with, without) = (run(true).await, run(false).await);
    println!(
        "99 % took up to {:?} with it, {:?} without; its share was {:.4}",
        with.p99, without.p99, with.slow_share
    );
    assert!(with.p99 * 2 <= without.p99 * 3, "{:?} with it, {:?} without", with.p99, without.p99);
    assert!(with.slow_share < 0.01 && with.slow_share > 0.0, "{}", with.slow_share);
}
