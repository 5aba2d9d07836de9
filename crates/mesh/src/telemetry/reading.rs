//! What a handle is read into.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

use super::{Breaker, Budget, Endpoints, Families, Family, Limit, Report, Sample};

/// What one handle is read into. The name and the target that it was registered with are added here.
#[derive(Debug)]
pub struct Reading<'a> {
    name: Arc<str>,
    target: Arc<str>,
    now: SystemTime,
    families: &'a mut BTreeMap<&'static str, Families>,
    report: &'a mut Report,
}

impl<'a> Reading<'a> {
    pub(super) fn new(
        name: Arc<str>,
        target: Arc<str>,
        now: SystemTime,
        families: &'a mut BTreeMap<&'static str, Families>,
        report: &'a mut Report,
    ) -> Self {
        Self { name, target, now, families, report }
    }

    /// A number, for the values of the family's labels.
    pub fn number(&mut self, family: &'static Family, labels: &[&'static str], value: f64) {
        debug_assert_eq!(labels.len(), family.labels.len(), "the labels of `{}`", family.name);
        let (name, target) = (Arc::clone(&self.name), Arc::clone(&self.target));
        let families = self.families.entry(family.name);
        let families = families.or_insert_with(|| Families { family, samples: vec![] });
        families.samples.push(Sample { name, target, labels: labels.to_vec(), value });
    }

    /// A number of things.
    #[expect(clippy::cast_precision_loss, reason = "beyond 2^53 nobody reads the last digit")]
    pub fn count(&mut self, family: &'static Family, labels: &[&'static str], value: u64) {
        self.number(family, labels, value as f64);
    }

    /// A time, in seconds.
    pub fn seconds(&mut self, family: &'static Family, labels: &[&'static str], time: Duration) {
        self.number(family, labels, time.as_secs_f64());
    }

    /// For `breakers` of the report.
    pub fn breaker(&mut self, breaker: Breaker) {
        let (name, target) = self.who();
        self.report.breakers.push(Breaker { name, target, ..breaker });
    }

    /// For `endpoints` of the report.
    pub fn endpoints(&mut self, endpoints: Endpoints) {
        let (name, target) = self.who();
        self.report.endpoints.push(Endpoints { name, target, ..endpoints });
    }

    /// For `limits` of the report.
    pub fn limit(&mut self, limit: Limit) {
        let (name, target) = self.who();
        self.report.limits.push(Limit { name, target, ..limit });
    }

    /// For `budgets` of the report.
    pub fn budget(&mut self, budget: Budget) {
        let (name, target) = self.who();
        self.report.budgets.push(Budget { name, target, ..budget });
    }

    /// When something was that is so long ago, as RFC 3339 has it, in UTC.
    #[must_use]
    pub fn ago(&self, time: Duration) -> String {
        let then = self.now.checked_sub(time).unwrap_or(SystemTime::UNIX_EPOCH);
        humantime::format_rfc3339_millis(then.max(SystemTime::UNIX_EPOCH)).to_string()
    }

    fn who(&self) -> (String, String) {
        (self.name.to_string(), self.target.to_string())
    }
}
