//! What has been sent, and what became of it.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::{Failure, Request};

/// So many requests are remembered. A longer run ends there, rather than grow for ever.
const MOST: usize = 4_000_000;

/// So many are told at a time.
const PAGE: usize = 50_000;

/// All requests of a run, in the order in which they ended.
#[derive(Debug)]
pub struct Journal {
    began: Instant,
    written: Mutex<Written>,
}

#[derive(Debug, Default)]
struct Written {
    requests: Vec<Request>,
    totals: Totals,
}

/// A run in figures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// How many requests have ended.
    pub requests: usize,
    /// How many of them failed.
    pub failed: usize,
    /// The same by why.
    pub failures: BTreeMap<Failure, usize>,
    /// How many each version answered without a failure, by target.
    pub versions: BTreeMap<String, BTreeMap<String, usize>>,
    /// How long after its time the latest request began, in microseconds: what the generator itself could not keep up with.
    pub latest_start: u64,
}

impl Default for Journal {
    fn default() -> Self {
        Self { began: Instant::now(), written: Mutex::default() }
    }
}

impl Journal {
    /// Microseconds since the run began.
    #[must_use]
    pub fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Whether no more is remembered, and so nothing more is to be sent.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.written().requests.len() >= MOST
    }

    pub(crate) fn write(&self, request: Request, late: u64) {
        let mut written = self.written();
        written.totals.count(&request, late);
        written.requests.push(request);
    }

    /// The one with this number, the first being 0, and those after it: 50,000 at most.
    #[must_use]
    pub fn requests(&self, from: usize) -> Vec<Request> {
        self.written().requests.iter().skip(from).take(PAGE).cloned().collect()
    }

    /// Those that failed.
    #[must_use]
    pub fn failures(&self) -> Vec<Request> {
        self.written().requests.iter().filter(|request| request.failure.is_some()).cloned().collect()
    }

    /// What there is so far, in figures.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.written().totals.clone()
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Totals {
    fn count(&mut self, request: &Request, late: u64) {
        self.requests += 1;
        self.latest_start = self.latest_start.max(late);
        if let Some(failure) = request.failure {
            self.failed += 1;
            *self.failures.entry(failure).or_default() += 1;
        } else {
            let versions = self.versions.entry(request.target.clone()).or_default();
            *versions.entry(request.version.clone().unwrap_or_default()).or_default() += 1;
        }
    }
}
