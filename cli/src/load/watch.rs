//! Watches the generator itself, so that its own limits are not taken for the system's.

use std::{
    fs,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::Serialize;
use tokio::{
    runtime::{Handle, RuntimeMetrics},
    time::{Instant, sleep_until},
};

use super::{Percentiles, times::Times};

/// How often the generator looks how late it is.
const EVERY: Duration = Duration::from_millis(10);

/// How the generator itself did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Generator {
    /// Threads of the runtime on which it runs.
    pub threads: usize,
    /// The part of the time that the busiest of them was not waiting.
    pub busiest_thread: f64,
    /// How many processors' time it took: what its process took, or its runtime's threads if that is less, as where the system
    /// runs in the same process.
    pub cores: f64,
    /// The part of the whole machine's time that was not idle, whoever used it; `None` where the system does not tell.
    pub machine_busy: Option<f64>,
    /// How late it woke when it wanted to do something at a certain time: the delay of its own threads, timers of a millisecond
    /// included.
    pub lag_ms: Percentiles,
    /// How much later than it could an order was sent. That is part of the times measured.
    pub delay_ms: Percentiles,
    /// How long orders waited for a client to be free, those that had to. That is part of the times measured, too.
    pub queued_ms: Percentiles,
}

/// Watches from its beginning on.
#[derive(Debug)]
pub(super) struct Watch {
    runtime: RuntimeMetrics,
    begun: Reading,
    lag: Arc<Mutex<Times>>,
}

/// What had been used at some moment.
#[derive(Debug)]
struct Reading {
    at: Instant,
    process: Option<Duration>,
    machine: Option<Ticks>,
    threads: Vec<Duration>,
}

/// A machine's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ticks {
    busy: u64,
    all: u64,
}

impl Watch {
    pub(super) fn begin() -> Self {
        let runtime = Handle::current().metrics();
        Self { begun: Reading::now(&runtime), runtime, lag: Arc::default() }
    }

    /// Looks again and again how late it is; for ever.
    pub(super) async fn look(lag: Arc<Mutex<Times>>) {
        let mut due = Instant::now();
        loop {
            // Whoever slept through some of these does not make up for them.
            due = (due + EVERY).max(Instant::now());
            sleep_until(due).await;
            locked(&lag).record(due.elapsed());
        }
    }

    pub(super) fn lag(&self) -> Arc<Mutex<Times>> {
        self.lag.clone()
    }

    /// How it did since.
    pub(super) fn read(&self, delay: Percentiles, queued: Percentiles) -> Generator {
        let (begun, now) = (&self.begun, Reading::now(&self.runtime));
        let wall = now.at.saturating_duration_since(begun.at).as_secs_f64().max(f64::MIN_POSITIVE);
        let busy = now.threads.iter().zip(&begun.threads);
        let busy: Vec<_> = busy.map(|(now, begun)| now.saturating_sub(*begun).as_secs_f64() / wall).collect();
        let of_runtime: f64 = busy.iter().sum();
        let of_process = now.process.zip(begun.process);
        let of_process = of_process.map(|(now, begun)| now.saturating_sub(begun).as_secs_f64() / wall);
        Generator {
            threads: busy.len(),
            busiest_thread: busy.iter().copied().fold(0.0, f64::max),
            cores: of_process.map_or(of_runtime, |process| process.min(of_runtime)),
            machine_busy: now.machine.zip(begun.machine).and_then(|(now, begun)| now.since(begun)),
            lag_ms: locked(&self.lag).told(),
            delay_ms: delay,
            queued_ms: queued,
        }
    }
}

fn locked(lag: &Mutex<Times>) -> MutexGuard<'_, Times> {
    lag.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Reading {
    fn now(runtime: &RuntimeMetrics) -> Self {
        let machine = fs::read_to_string("/proc/stat").ok();
        Self {
            at: Instant::now(),
            process: process_time(),
            machine: machine.and_then(|text| Ticks::parse(&text)),
            threads: (0..runtime.num_workers()).map(|it| runtime.worker_total_busy_duration(it)).collect(),
        }
    }
}

#[cfg(unix)]
fn process_time() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(time).ok()
}

#[cfg(not(unix))]
fn process_time() -> Option<Duration> {
    None
}

impl Ticks {
    /// Of the first line of `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal. What guests use is in user.
    fn parse(text: &str) -> Option<Self> {
        let mut fields = text.lines().next()?.split_whitespace();
        if fields.next() != Some("cpu") {
            return None;
        }
        let ticks: Vec<u64> = fields.take(8).map(str::parse).collect::<Result<_, _>>().ok()?;
        let idle = ticks.get(3)? + ticks.get(4)?;
        let all = ticks.iter().sum::<u64>();
        Some(Self { busy: all - idle, all })
    }

    fn since(self, earlier: Self) -> Option<f64> {
        let all = self.all.checked_sub(earlier.all).filter(|all| *all > 0)?;
        Some(self.busy.saturating_sub(earlier.busy) as f64 / all as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_busy_when_it_is_not_idle() {
        let ticks = |text| Ticks::parse(text).unwrap();
        let begun = ticks("cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 1 2 3\n");
        let ended = ticks("cpu  160 0 70 910 60 0 0 0 0 0\n");
        assert_eq!(begun, Ticks { busy: 150, all: 1000 });
        assert_eq!(ended.since(begun), Some(0.4));
        assert_eq!(begun.since(begun), None);
        assert_eq!(Ticks::parse("nonsense"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_generator_that_was_kept_from_working_is_late() {
        let watch = Watch::begin();
        let looking = tokio::spawn(Watch::look(watch.lag()));
        tokio::task::yield_now().await;
        // The clock goes on, and nobody was asked meanwhile.
        tokio::time::advance(Duration::from_millis(250)).await;
        tokio::task::yield_now().await;
        looking.abort();
        let told = watch.read(Percentiles::default(), Percentiles::default());
        assert!(told.lag_ms.max >= 240.0, "{told:?}");
    }
}
