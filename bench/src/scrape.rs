//! What a system has counted, as it shows it to Prometheus.

use chassis::{
    client::{self, HttpClient},
    context::Context,
    platform::Platform,
};

use crate::{Failure, program::System};

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
        let platform = Platform::system();
        let client = HttpClient::new(&platform, client::Options::default());
        let context = Context::background("bench", platform.random());
        let answer = client.get_json(&context, &format!("{}/metrics", system.admin)).await?;
        Ok(Self::read(&String::from_utf8_lossy(&answer.body)))
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
