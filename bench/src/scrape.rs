//! What a system has counted, as it shows it to Prometheus.

use std::collections::BTreeMap;

use chassis::{
    client::{self, HttpClient},
    context::Context,
    platform::Platform,
};

use crate::{Failure, model::Part, program::System};

/// All that a system shows.
async fn scrape(system: &System) -> Result<String, Failure> {
    let platform = Platform::system();
    let options = client::Options { max_body: 64 * 1024 * 1024, ..client::Options::default() };
    let client = HttpClient::new(&platform, options);
    let context = Context::background("bench", platform.random());
    let answer = client.get_json(&context, &format!("{}/metrics", system.admin)).await?;
    Ok(String::from_utf8_lossy(&answer.body).into_owned())
}

/// How long it took until what happened was in the views, so far: nothing in a style that has none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Projected(Vec<(f64, f64)>);

impl Projected {
    pub(crate) async fn of(system: &System) -> Result<Self, Failure> {
        Ok(Self(buckets(&scrape(system).await?, "projection_delay_seconds_bucket{")))
    }

    /// After how many milliseconds all but one in a hundred of what happened since was there.
    pub(crate) fn p99_since(&self, earlier: &Self) -> Option<f64> {
        let before =
            |bound: f64| earlier.0.iter().find(|(it, _)| *it == bound).map_or(0.0, |(_, count)| *count);
        let since: Vec<_> = self.0.iter().map(|&(bound, count)| (bound, count - before(bound))).collect();
        quantile(&since, 0.99).map(|seconds| seconds * 1000.0)
    }
}

/// The upper bounds of a histogram of one series, each with how many values were at most that.
fn buckets(exposition: &str, begins: &str) -> Vec<(f64, f64)> {
    let bound = |line: &str| {
        let (series, count) = line.rsplit_once(' ')?;
        Some((label(series, "le")?.replace("+Inf", "inf").parse().ok()?, count.parse().ok()?))
    };
    exposition.lines().filter(|line| line.starts_with(begins)).filter_map(bound).collect()
}

/// The value below which this part of all values is, as if those of a bucket were spread evenly.
fn quantile(bounds: &[(f64, f64)], part: f64) -> Option<f64> {
    let wanted = part * bounds.last().filter(|(_, all)| *all > 0.0)?.1;
    let (mut low, mut below) = (0.0, 0.0);
    for &(bound, count) in bounds {
        if count >= wanted {
            let share = if count > below { (wanted - below) / (count - below) } else { 0.0 };
            return Some(if bound.is_finite() { low + (bound - low) * share } else { low });
        }
        (low, below) = (bound, count);
    }
    None
}

/// What the databases of a system have done so far, by the name of whose they are.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Databases(BTreeMap<String, Done>);

/// What one of them has done.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Done {
    /// Transactions that were committed.
    pub(crate) works: f64,
    /// Commits, which they shared.
    pub(crate) commits: f64,
    /// Rows that were inserted, updated and deleted.
    pub(crate) changes: f64,
    /// Rows that were read.
    pub(crate) reads: f64,
}

impl Databases {
    pub(crate) async fn of(system: &System) -> Result<Self, Failure> {
        Ok(Self::read(&scrape(system).await?))
    }

    fn read(exposition: &str) -> Self {
        let mut all = BTreeMap::<_, Done>::new();
        for line in exposition.lines() {
            let Some((series, value)) = line.rsplit_once(' ') else { continue };
            let (Some(service), Ok(value)) = (label(series, "service"), value.parse::<f64>()) else {
                continue;
            };
            let done = all.entry(service.to_owned()).or_default();
            match (name(series), label(series, "outcome"), label(series, "operation")) {
                ("database_works_total", Some("committed"), _) => done.works += value,
                ("database_commits_total", ..) => done.commits += value,
                ("database_rows_total", _, Some("change")) => done.changes += value,
                ("database_rows_total", _, Some("read")) => done.reads += value,
                _ => {}
            }
        }
        Self(all)
    }

    /// What each has done since; those that have done nothing are left out.
    pub(crate) fn since(&self, earlier: &Self) -> Vec<Done> {
        let before = |service| earlier.0.get(service).copied().unwrap_or_default();
        let all = self.0.iter().map(|(service, now)| now.since(before(service)));
        all.filter(|done| done.commits > 0.0).collect()
    }
}

impl Done {
    fn since(self, earlier: Self) -> Self {
        Self {
            works: self.works - earlier.works,
            commits: self.commits - earlier.commits,
            changes: self.changes - earlier.changes,
            reads: self.reads - earlier.reads,
        }
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            works: self.works + other.works,
            commits: self.commits + other.commits,
            changes: self.changes + other.changes,
            reads: self.reads + other.reads,
        }
    }

    /// The part of one of so many orders.
    pub(crate) fn of_each(self, orders: f64) -> Self {
        let Self { works, commits, changes, reads } = self;
        Self {
            works: works / orders,
            commits: commits / orders,
            changes: changes / orders,
            reads: reads / orders,
        }
    }

    /// Rows that were touched.
    pub(crate) fn rows(self) -> f64 {
        self.changes + self.reads
    }

    /// The same to be done by the model. What is read beyond what is changed is what somebody follows or lists: those rows come many at
    /// a time, and the fewer statements, the higher the ceiling.
    pub(crate) fn part(self) -> Part {
        let found = self.reads.min(self.changes);
        Part {
            transactions: self.works,
            group: self.group(),
            changes: self.changes,
            reads: found,
            scanned: self.reads - found,
        }
    }

    /// How many transactions shared a commit.
    pub(crate) fn group(self) -> f64 {
        if self.commits > 0.0 { self.works / self.commits } else { 1.0 }
    }
}

/// What a series is called.
fn name(series: &str) -> &str {
    series.split_once('{').map_or(series, |(name, _)| name)
}

/// The value of a label of a series.
fn label<'a>(series: &'a str, name: &str) -> Option<&'a str> {
    let labels = series.split_once('{')?.1;
    let value = |label: &'a str| label.strip_prefix(name)?.strip_prefix("=\"")?.split('"').next();
    labels.split(',').find_map(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_lies_within_its_bucket() {
        let exposition = "delay_bucket{service=\"views\",style=\"rest\",le=\"0.01\"} 50\n\
            delay_bucket{service=\"views\",style=\"rest\",le=\"0.02\"} 100\n\
            delay_bucket{service=\"views\",style=\"rest\",le=\"+Inf\"} 100\n";
        let bounds = buckets(exposition, "delay_bucket{");
        assert_eq!(quantile(&bounds, 0.5), Some(0.01));
        assert_eq!(quantile(&bounds, 0.75), Some(0.015));
        assert_eq!(quantile(&buckets(exposition, "other{"), 0.5), None);
        let earlier = Projected(vec![(0.01, 50.0), (0.02, 50.0), (f64::INFINITY, 50.0)]);
        let p99 = Projected(bounds).p99_since(&earlier).unwrap();
        assert!((p99 - 19.9).abs() < 1e-6, "{p99}");
    }

    #[test]
    fn what_databases_have_done_is_told_one_by_one() {
        let exposition = "# TYPE database_commits_total counter\n\
            database_commits_total{service=\"billing\",style=\"rest\"} 10\n\
            database_commits_total{service=\"ordering\",style=\"rest\"} 15\n\
            database_rows_total{operation=\"change\",service=\"billing\",style=\"rest\"} 300\n\
            database_rows_total{operation=\"read\",service=\"billing\",style=\"rest\"} 400\n\
            database_works_total{outcome=\"committed\",service=\"billing\",style=\"rest\"} 200\n\
            database_works_total{outcome=\"rolled_back\",service=\"billing\",style=\"rest\"} 7\n";
        let read = Databases::read(exposition);
        let billing = Done { works: 200.0, commits: 10.0, changes: 300.0, reads: 400.0 };
        assert_eq!(read.0["billing"], billing);
        assert_eq!(billing.group(), 20.0);
        let done = read.since(&Databases::default());
        assert_eq!(done.into_iter().fold(Done::default(), Done::plus).commits, 25.0);
        assert_eq!(read.since(&read), []);
    }
}
