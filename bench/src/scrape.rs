//! What a system has counted, as it shows it to Prometheus.

use chassis::{
    client::{self, HttpClient},
    context::Context,
    platform::Platform,
};

use crate::{Failure, program::System};

/// All that a system shows.
async fn scrape(system: &System) -> Result<String, Failure> {
    let platform = Platform::system();
    let options = client::Options { max_body: 64 * 1024 * 1024, ..client::Options::default() };
    let client = HttpClient::new(&platform, options);
    let context = Context::background("bench", platform.random());
    let answer = client.get_json(&context, &format!("{}/metrics", system.admin)).await?;
    Ok(String::from_utf8_lossy(&answer.body).into_owned())
}

/// After how many milliseconds all but one in a hundred of what happened was in the views; `None` in a style without them.
pub(crate) async fn projection_p99(system: &System) -> Result<Option<f64>, Failure> {
    let bounds = buckets(&scrape(system).await?, "projection_delay_seconds_bucket{");
    Ok(quantile(&bounds, 0.99).map(|seconds| seconds * 1000.0))
}

/// The upper bounds of a histogram of one series, each with how many values were at most that.
fn buckets(exposition: &str, begins: &str) -> Vec<(f64, f64)> {
    let bound = |line: &str| {
        let (_, rest) = line.split_once("le=\"")?;
        let (bound, _) = rest.split_once('"')?;
        Some((bound.replace("+Inf", "inf").parse().ok()?, line.rsplit(' ').next()?.parse().ok()?))
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

/// What the databases of a system have done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Databases {
    /// Transactions that were committed.
    pub(crate) works: f64,
    /// Commits, which they shared.
    pub(crate) commits: f64,
}

impl Databases {
    pub(crate) async fn of(system: &System) -> Result<Self, Failure> {
        Ok(Self::read(&scrape(system).await?))
    }

    fn read(exposition: &str) -> Self {
        let sum = |begins: &str, holds: &str| {
            let lines = exposition.lines().filter(|line| line.starts_with(begins) && line.contains(holds));
            lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
        };
        Self {
            works: sum("database_works_total{", r#"outcome="committed""#),
            commits: sum("database_commits_total{", ""),
        }
    }

    pub(crate) fn since(self, earlier: Self) -> Self {
        Self { works: self.works - earlier.works, commits: self.commits - earlier.commits }
    }

    /// How many transactions shared a commit.
    pub(crate) fn group(self) -> f64 {
        if self.commits > 0.0 { self.works / self.commits } else { 1.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_lies_within_its_bucket() {
        let exposition = "delay_bucket{service=\"views\",le=\"0.01\"} 50\n\
            delay_bucket{service=\"views\",le=\"0.02\"} 100\n\
            delay_bucket{service=\"views\",le=\"+Inf\"} 100\n";
        let bounds = buckets(exposition, "delay_bucket{");
        assert_eq!(quantile(&bounds, 0.5), Some(0.01));
        assert_eq!(quantile(&bounds, 0.75), Some(0.015));
        assert_eq!(quantile(&buckets(exposition, "other{"), 0.5), None);
    }

    #[test]
    fn all_databases_are_added_up() {
        let exposition = "# TYPE database_commits_total counter\n\
            database_commits_total{service=\"billing\",style=\"rest\"} 10\n\
            database_commits_total{service=\"ordering\",style=\"rest\"} 15\n\
            database_works_total{outcome=\"committed\",service=\"billing\",style=\"rest\"} 200\n\
            database_works_total{outcome=\"rolled_back\",service=\"billing\",style=\"rest\"} 7\n";
        let read = Databases::read(exposition);
        assert_eq!(read, Databases { works: 200.0, commits: 25.0 });
        assert_eq!(read.since(Databases { works: 100.0, commits: 5.0 }).group(), 5.0);
        assert_eq!(Databases::default().group(), 1.0);
    }
}
