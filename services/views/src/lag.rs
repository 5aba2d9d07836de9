//! How far views are behind.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
    time::Duration,
};

use chassis::metrics::{self, Histogram, LAG_SECONDS, Metrics};
use database::{Clock, Transaction};

/// How far views are behind what they follow. Clones share it.
///
/// It knows of what their sources know of: a message that its producer has not sent yet is not among that, nor is one that
/// is parked, which `dead_letters_parked` tells.
#[derive(Clone)]
pub struct Lag(Arc<Shared>);

struct Shared {
    clock: Clock,
    sources: Mutex<BTreeMap<&'static str, Waiting>>,
    /// When what was taken in last had happened, in microseconds since the Unix epoch; zero before the first.
    latest: AtomicI64,
    delay: Histogram,
}

/// Tells at once how much of a source waits.
type Waiting = Box<dyn Fn() -> u64 + Send + Sync>;

/// How far views are behind at a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Behind {
    /// How many messages, or events of a ledger, are there and not in the views.
    pub events: u64,
    /// How long ago what was taken in last had happened, in seconds; zero if nothing waits.
    pub seconds: f64,
}

impl Lag {
    /// Nothing is followed yet. It is shown among `metrics`.
    ///
    /// # Errors
    /// The App shows it already.
    pub fn new(clock: Clock, metrics: &Metrics) -> Result<Self, metrics::Error> {
        let help = "How long after something had happened it was in the views.";
        let delay = metrics.histogram("projection_delay_seconds", help, &[], LAG_SECONDS)?.with(&[]);
        let (sources, latest) = Default::default();
        let lag = Self(Arc::new(Shared { clock, sources, latest, delay }));
        let (shown, help) = (lag.clone(), "Messages that are there and not in the views.");
        metrics.read_gauge("projection_lag_events", help, &[], move |samples| {
            samples.count(&[], shown.behind().events);
        })?;
        let help = "How long ago what the views have last had happened, while something waits; else 0.";
        let shown = lag.clone();
        metrics.read_gauge("projection_lag_seconds", help, &[], move |samples| {
            samples.number(&[], shown.behind().seconds);
        })?;
        Ok(lag)
    }

    /// Views follow this source, of which `waiting` tells at once how much there is to be taken in. What was said of it before
    /// counts no more.
    pub fn follow(&self, source: &'static str, waiting: impl Fn() -> u64 + Send + Sync + 'static) {
        let mut sources = self.0.sources.lock().unwrap_or_else(PoisonError::into_inner);
        sources.insert(source, Box::new(waiting));
    }

    /// How far they are behind now.
    #[must_use]
    pub fn behind(&self) -> Behind {
        let sources = self.0.sources.lock().unwrap_or_else(PoisonError::into_inner);
        let events = sources.values().map(|waiting| waiting()).sum();
        let latest = self.0.latest.load(Relaxed);
        let waits = events > 0 && latest > 0;
        Behind { events, seconds: if waits { self.since(latest).as_secs_f64() } else { 0.0 } }
    }

    /// What has happened at these times (microseconds since the Unix epoch) is in the views once `tx` is committed.
    pub fn taken_in(&self, tx: &mut Transaction, times: Vec<i64>) {
        let lag = self.clone();
        tx.after_commit(move || {
            for time in times {
                lag.0.latest.fetch_max(time, Relaxed);
                lag.0.delay.time(lag.since(time), None);
            }
        });
    }

    fn since(&self, time: i64) -> Duration {
        let micros = self.0.clock.now().saturating_sub(time).max(0);
        Duration::from_micros(micros.unsigned_abs())
    }
}

impl fmt::Debug for Lag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lag").field(&self.behind()).finish()
    }
}
