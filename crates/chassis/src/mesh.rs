//! What the layers of an App are at: `/mesh` on the admin port, and metrics.

use std::time::{Duration, SystemTime};

use database::Clock;
use mesh::telemetry::{Breaker, Budget, Endpoints, Families, Kind, Limit, Telemetry};
use serde::Serialize;

use crate::metrics::{self, Identity, Metrics, Value};

/// The layers of an App: before its routes, and on its ways to others. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Mesh {
    telemetry: Telemetry,
    clock: Clock,
}

/// What `/mesh` answers.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    breakers: Vec<Of<Breaker>>,
    endpoints: Vec<Of<Endpoints>>,
    limits: Vec<Of<Limit>>,
    budgets: Vec<Of<Budget>>,
}

/// Something that is an App's.
#[derive(Debug, Serialize)]
struct Of<T> {
    #[serde(flatten)]
    app: Identity,
    #[serde(flatten)]
    shown: T,
}

impl Report {
    /// What all of them have.
    pub(crate) fn of(apps: impl IntoIterator<Item = (Identity, Mesh)>) -> Self {
        let mut report = Self::default();
        for (app, mesh) in apps {
            report.add(&app, &mesh);
        }
        report
    }

    fn add(&mut self, app: &Identity, mesh: &Mesh) {
        let shown = mesh.telemetry.report(mesh.now());
        self.breakers.extend(owned(app, shown.breakers));
        self.endpoints.extend(owned(app, shown.endpoints));
        self.limits.extend(owned(app, shown.limits));
        self.budgets.extend(owned(app, shown.budgets));
    }
}

fn owned<T>(app: &Identity, shown: Vec<T>) -> impl Iterator<Item = Of<T>> {
    shown.into_iter().map(|shown| Of { app: app.clone(), shown })
}

impl Mesh {
    /// Of an App without layers so far, which counts by `metrics`.
    pub(crate) fn new(clock: Clock, metrics: &Metrics) -> Self {
        let telemetry = Telemetry::default();
        let counted = telemetry.clone();
        metrics.read_families(move || counted.families().into_iter().map(family).collect());
        Self { telemetry, clock }
    }

    /// Where layers are shown.
    pub(crate) fn telemetry(&self) -> &Telemetry {
        &self.telemetry
    }

    fn now(&self) -> SystemTime {
        let since_epoch = Duration::from_micros(u64::try_from(self.clock.now()).unwrap_or_default());
        SystemTime::UNIX_EPOCH + since_epoch
    }
}

/// A family of a layer as one of an App.
fn family(shown: Families) -> (metrics::Description, Vec<metrics::Sample>) {
    let Families { family, samples } = shown;
    let kind = match family.kind {
        Kind::Counter => metrics::Kind::Counter,
        Kind::Gauge => metrics::Kind::Gauge,
    };
    let labels = ["name", "target"].into_iter().chain(family.labels.iter().copied()).collect();
    let description = metrics::Description { name: family.name, help: family.help, kind, labels };
    let sample = |sample: mesh::telemetry::Sample| metrics::Sample {
        labels: [&*sample.name, &*sample.target]
            .into_iter()
            .chain(sample.labels)
            .map(str::to_owned)
            .collect(),
        value: Value::Number(sample.value),
    };
    (description, samples.into_iter().map(sample).collect())
}
