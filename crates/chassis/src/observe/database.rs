//! What a store counts: read when somebody scrapes, so that it costs the store nothing.

use database::{Database, Spread, Stats};

use crate::metrics::{Buckets, Error, Metrics, Samples, Snapshot};

/// Shows what `database` has done and what waits for it.
///
/// # Errors
/// The App shows a database already.
pub fn show(metrics: &Metrics, database: &Database) -> Result<(), Error> {
    let counter = |name, help, read: fn(&Stats) -> u64| {
        let database = database.clone();
        metrics.read_counter(name, help, &[], move |shown| shown.count(&[], read(&database.stats())))
    };
    counter("database_commits_total", "Commits, each with one sync of the log.", |it| it.commits)?;
    let help = "Groups of works that could not begin or commit.";
    counter("database_failed_groups_total", help, |it| it.failed_groups)?;
    let help = "Groups of works that ran again because of one of them.";
    counter("database_repeated_groups_total", help, |it| it.repeated_groups)?;
    let help = "Works that found what they had decided on changed by somebody else, each time that they did.";
    counter("database_conflicts_total", help, |it| it.conflicts)?;
    counter("database_reads_total", "Works that only read.", |it| it.reads)?;
    let help = "Writes that were refused because their lease had been lost.";
    counter("lease_refusals_total", help, |it| it.fenced)?;

    let (read, help) = (reading(database), "Works that wrote, by what became of them.");
    metrics.read_counter("database_works_total", help, &["outcome"], move |shown| {
        let stats = read();
        shown.count(&["committed"], stats.committed);
        shown.count(&["rolled_back"], stats.rolled_back);
    })?;
    let help = "Rows that works have read and changed; a statement that found none counts as one.";
    let read = reading(database);
    metrics.read_counter("database_rows_total", help, &["operation"], move |shown| {
        let stats = read();
        shown.count(&["read"], stats.rows_read);
        shown.count(&["change"], stats.rows_changed);
    })?;
    let (read, help) = (reading(database), "Works that wait, by what they wait for.");
    metrics.read_gauge("database_queued_works", help, &["queue"], move |shown| {
        let stats = read();
        shown.count(&["writer"], stats.queued_writes);
        shown.count(&["reader"], stats.queued_reads);
    })?;
    let (read, help) = (reading(database), "How long commits took, the sync of the log included.");
    metrics.read_histogram("database_commit_duration_seconds", help, &[], move |shown| {
        spread(shown, &read().commit_micros, Buckets::microseconds);
    })?;
    let (read, help) = (reading(database), "How many works shared a commit.");
    metrics.read_histogram("database_group_works", help, &[], move |shown| {
        spread(shown, &read().group_sizes, Buckets::whole);
    })?;
    let (database, help) = (database.clone(), "Bytes of the database and of its write-ahead log.");
    metrics.read_gauge("database_file_size_bytes", help, &["file"], move |shown| {
        let size = database.size();
        shown.count(&["database"], size.database);
        shown.count(&["log"], size.log);
    })
}

fn reading(database: &Database) -> impl Fn() -> Stats + Send + Sync + 'static {
    let database = database.clone();
    move || database.stats()
}

fn spread(shown: &mut Samples, spread: &Spread, buckets: fn(&'static [u64]) -> Buckets) {
    shown.spread(&[], snapshot(spread, buckets));
}

fn snapshot(spread: &Spread, buckets: fn(&'static [u64]) -> Buckets) -> Snapshot {
    buckets(spread.bounds).snapshot(&spread.counts, spread.sum)
}

#[cfg(test)]
mod tests {
    use database::{Error, Options};

    use super::*;
    use crate::{
        metrics::{Format, exposition},
        testing::platform,
    };

    #[tokio::test]
    async fn what_a_store_has_done_is_shown() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store.db");
        let database = Database::open(&path, &[::database::leases::SCHEMA], Options::default()).unwrap();
        let metrics = Metrics::new("customers", "rest", &platform()).unwrap();
        show(&metrics, &database).unwrap();
        let ttl = std::time::Duration::from_secs(60);
        for holder in ["one", "another"] {
            let acquire = async move |tx: &mut _| ::database::leases::acquire(tx, "role", holder, ttl).await;
            database.write(acquire).await.unwrap();
        }
        database.read(async |_| Ok::<_, Error>(())).await.unwrap();
        let text = exposition([&metrics], Format::Text).unwrap();
        for series in [
            "database_commits_total{@} 1",
            "database_reads_total{@} 1",
            "database_works_total{outcome=\"committed\",@} 2",
            "database_rows_total{operation=\"read\",@} ",
            "database_rows_total{operation=\"change\",@} ",
            "database_queued_works{queue=\"writer\",@} 0",
            "database_commit_duration_seconds_count{@} 1",
            "database_group_works_bucket{@,le=\"1\"} 2",
            "lease_refusals_total{@} 0",
        ] {
            let series = series.replace('@', "service=\"customers\",style=\"rest\"");
            assert!(text.contains(&series), "{series}\n{text}");
        }
        let size =
            text.lines().find(|line| line.starts_with("database_file_size_bytes{file=\"database\"")).unwrap();
        assert!(!size.ends_with(" 0"), "{size}");
    }
}
