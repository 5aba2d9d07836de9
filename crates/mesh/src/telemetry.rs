//! What all layers are at: for metrics, and for people.
//!
//! Layers count, and tell nobody. Whoever wants to know registers their handles here under a name, and reads all of them when somebody
//! asks: as [families](Telemetry::families) of numbers, for any exposition; as a collector of the crate `prometheus` (feature
//! `prometheus`); and as a [`Report`], which serialises to what `/mesh` answers.
//!
//! ```
//! use mesh::{
//!     circuit_breaker::{Builder, Policy},
//!     classify::Http,
//!     telemetry::{Telemetry, Transitions},
//! };
//!
//! let telemetry = Telemetry::default();
//! let transitions = Transitions::of("orders", "10.0.0.1:8080");
//! let builder = Builder::new(Policy::default()).on_transition(transitions.observer());
//! let breaker = builder.build(Http::new())?;
//! let shown = telemetry.show("orders", "10.0.0.1:8080", transitions.and(breaker.handle()));
//!
//! let families = telemetry.families();
//! assert_eq!(families[0].family.name, "mesh_circuit_breaker_refused_total");
//! drop(shown); // it is read no more
//! assert!(telemetry.families().is_empty());
//! # Ok::<_, mesh::InvalidPolicy>(())
//! ```
//!
//! # Labels
//!
//! Each number has the labels `name` and `target` that its handle was registered with: what is called, and where. There are as many
//! values as there are registrations, so name services and endpoints by them, and neither paths nor ids. All other labels are `&'static
//! str`, of which a program has so many and no more.

mod answer;
mod balance;
mod budget;
mod bulkhead;
mod calls;
mod circuit_breaker;
mod concurrency;
mod deadline;
mod discovery;
mod family;
mod hedge;
#[cfg(feature = "prometheus")]
mod prometheus;
mod rate_limit;
mod reading;
mod report;
mod retry;
mod timeout;
mod transitions;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::SystemTime,
};

#[cfg(feature = "prometheus")]
pub use self::prometheus::PrometheusCollector;
pub use self::{
    calls::{Call, CallFuture, Calls, CallsHandle, CallsLayer},
    family::{Families, Family, Kind, Sample},
    reading::Reading,
    report::{Breaker, Budget, Endpoint, Endpoints, Limit, Report},
    transitions::{Observed, Transitions},
};

/// A handle that can be read.
pub trait Show: Send + Sync + 'static {
    /// Which layer it is of: one of the few names of a program.
    const LAYER: &'static str;

    /// Tells all there is to see.
    fn show(&self, reading: &mut Reading<'_>);
}

/// Handles by name. Clones are the same.
#[derive(Clone, Default)]
pub struct Telemetry {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    shown: Mutex<BTreeMap<Key, Entry>>,
    registered: AtomicU64,
}

/// Layer, name and target.
type Key = (&'static str, Arc<str>, Arc<str>);

struct Entry {
    /// Which registration this is: one that has taken the place of another does not end with it.
    number: u64,
    read: Arc<dyn Fn(&mut Reading<'_>) + Send + Sync>,
}

impl Telemetry {
    /// Shows a handle for as long as what is returned is held. One of the same layer, name and target that is shown already gives way: a
    /// client that is made anew takes the place of the old one.
    #[must_use = "it is shown for as long as this is held"]
    pub fn show<H: Show>(&self, name: &str, target: &str, handle: H) -> Shown {
        let key = (H::LAYER, name.into(), target.into());
        let number = self.shared.registered.fetch_add(1, Relaxed);
        let read = Arc::new(move |reading: &mut Reading<'_>| handle.show(reading));
        self.shared.shown().insert(Key::clone(&key), Entry { number, read });
        Shown { shared: Arc::clone(&self.shared), key, number }
    }

    /// Every number of every handle, by family and in the order of names. Families that nobody has numbers of are left out.
    #[must_use]
    pub fn families(&self) -> Vec<Families> {
        self.read(SystemTime::UNIX_EPOCH).0
    }

    /// What `/mesh` answers. `now` is what its times are told by.
    #[must_use]
    pub fn report(&self, now: SystemTime) -> Report {
        self.read(now).1
    }

    fn read(&self, now: SystemTime) -> (Vec<Families>, Report) {
        let entries: Vec<_> = {
            let shown = self.shared.shown();
            shown.iter().map(|(key, entry)| (key.clone(), Arc::clone(&entry.read))).collect()
        };
        let (mut families, mut report) = (BTreeMap::new(), Report::default());
        for ((_, name, target), read) in entries {
            read(&mut Reading::new(name, target, now, &mut families, &mut report));
        }
        (families.into_values().collect(), report)
    }
}

impl Shared {
    fn shown(&self) -> MutexGuard<'_, BTreeMap<Key, Entry>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Telemetry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.shared.shown().keys()).finish()
    }
}

/// A handle is shown for as long as this is held.
#[must_use = "it is shown for as long as this is held"]
pub struct Shown {
    shared: Arc<Shared>,
    key: Key,
    number: u64,
}

impl Drop for Shown {
    fn drop(&mut self) {
        let mut shown = self.shared.shown();
        if shown.get(&self.key).is_some_and(|entry| entry.number == self.number) {
            shown.remove(&self.key);
        }
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Shown").field(&self.key).finish()
    }
}
