use database::{Executor, Kind, ManualClock, Migration, Options, Schema, Transaction, leases, params};
use tempfile::TempDir;

use super::*;
use crate::{
    ids::Random,
    metrics::{Format, Metrics},
    shutdown,
    testing::platform,
};

/// Two kinds of rows that nothing is to be done with but to forget them.
const ROWS: Schema = Schema {
    name: "rows",
    migrations: &[Migration {
        version: 1,
        kind: Kind::Expand,
        sql: "CREATE TABLE short (at BIGINT NOT NULL); CREATE TABLE long (at BIGINT NOT NULL)",
    }],
};

mod sql {
    database::statements! {
        pub const ADD_SHORT: "INSERT INTO short (at) VALUES ($1)";
        pub const ADD_LONG: "INSERT INTO long (at) VALUES ($1)";
        pub const COUNT: "SELECT (SELECT count(*) FROM short), (SELECT count(*) FROM long)";
        pub const OLDEST_SHORT: "SELECT min(at) FROM short";
        pub const OLDEST_LONG: "SELECT min(at) FROM long";
        pub const FORGET_SHORT: "DELETE FROM short WHERE rowid IN (SELECT rowid FROM short WHERE at < $1 LIMIT $2)";
        pub const FORGET_LONG: "DELETE FROM long WHERE rowid IN (SELECT rowid FROM long WHERE at < $1 LIMIT $2)";
    }
}

const SHORT: Duration = Duration::from_secs(30);
const LONG: Duration = Duration::from_secs(300);

struct Fixture {
    database: Database,
    clock: ManualClock,
    _directory: TempDir,
}

fn fixture() -> Fixture {
    let directory = tempfile::tempdir().unwrap();
    let (clock, hands) = database::Clock::manual(1_000_000_000);
    let options = Options { clock, executor: Executor::Inline, ..Options::default() };
    let database =
        Database::open(&directory.path().join("rows.db"), &[ROWS, leases::SCHEMA], options).unwrap();
    Fixture { database, clock: hands, _directory: directory }
}

impl Fixture {
    fn cleaner(&self, holder: &str) -> Cleaner {
        let short = Kept::new(
            "short",
            SHORT,
            async |tx: &mut Transaction| tx.query_one(sql::OLDEST_SHORT, params![], |row| row.get(0)).await,
            async |tx: &mut Transaction, before, limit| {
                tx.execute(sql::FORGET_SHORT, params![before, limit]).await
            },
        );
        let long = Kept::new(
            "long",
            LONG,
            async |tx: &mut Transaction| tx.query_one(sql::OLDEST_LONG, params![], |row| row.get(0)).await,
            async |tx: &mut Transaction, before, limit| {
                tx.execute(sql::FORGET_LONG, params![before, limit]).await
            },
        );
        Cleaner::new(self.database.clone(), holder, vec![short, long], Random::seeded(1))
    }

    /// Adds so many rows of each kind.
    async fn add(&self, count: usize) {
        let add = async move |tx: &mut Transaction| {
            for _ in 0..count {
                let now = tx.now();
                tx.execute(sql::ADD_SHORT, params![now]).await?;
                tx.execute(sql::ADD_LONG, params![now]).await?;
            }
            Ok::<_, database::Error>(())
        };
        self.database.write(add).await.unwrap();
    }

    /// Looks every millisecond until there are as many rows of each kind as is wanted.
    async fn until(&self, wanted: impl Fn((u64, u64)) -> bool) {
        let looking = async {
            while !wanted(self.count().await) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let came = tokio::time::timeout(LONG, looking).await;
        assert!(came.is_ok(), "it stays at {:?}", self.count().await);
    }

    /// How many rows there are of each kind.
    async fn count(&self) -> (u64, u64) {
        let count = async |tx: &mut Transaction| {
            tx.query_one(sql::COUNT, params![], |row| Ok((row.get(0)?, row.get(1)?))).await
        };
        self.database.read(count).await.map_err(|error: database::Error| error).unwrap()
    }
}

#[tokio::test]
async fn each_kind_is_kept_for_its_own_time_and_not_a_moment_less() {
    let fixture = fixture();
    let mut cleaner = fixture.cleaner("one");
    fixture.add(2).await;
    fixture.clock.advance(SHORT);
    fixture.add(1).await;
    assert_eq!(cleaner.clean_once().await.unwrap(), Outcome::Nothing);
    assert_eq!(fixture.count().await, (3, 3));
    fixture.clock.advance(Duration::from_micros(1));
    assert_eq!(cleaner.clean_once().await.unwrap(), Outcome::Forgot(2));
    assert_eq!(fixture.count().await, (1, 3));
    fixture.clock.advance(LONG);
    assert_eq!(cleaner.clean_once().await.unwrap(), Outcome::Forgot(4));
    assert_eq!(cleaner.clean_once().await.unwrap(), Outcome::Nothing);
}

#[tokio::test]
async fn much_is_forgotten_a_little_at_a_time_and_no_kind_waits_for_another() {
    let fixture = fixture();
    let mut cleaner = fixture.cleaner("one");
    fixture.add(1_000).await;
    fixture.clock.advance(2 * LONG);
    assert_eq!(cleaner.clean_once().await.unwrap(), Outcome::Forgot(256));
    assert_eq!(fixture.count().await, (872, 872));
    while cleaner.clean_once().await.unwrap() != Outcome::Nothing {}
    assert_eq!(fixture.count().await, (0, 0));
}

#[tokio::test]
async fn a_cleaner_with_nothing_to_forget_writes_nothing() {
    let fixture = fixture();
    let mut cleaner = fixture.cleaner("one");
    fixture.add(1).await;
    let commits = fixture.database.stats().commits;
    assert_eq!(cleaner.clean_once().await.unwrap(), Outcome::Nothing);
    assert_eq!(fixture.database.stats().commits, commits);
}

#[tokio::test]
async fn of_two_replicas_one_forgets_and_the_other_when_that_one_is_gone() {
    let fixture = fixture();
    let (mut one, mut two) = (fixture.cleaner("one"), fixture.cleaner("two"));
    fixture.add(300).await;
    fixture.clock.advance(2 * LONG);
    assert_eq!(one.clean_once().await.unwrap(), Outcome::Forgot(256));
    assert_eq!(two.clean_once().await.unwrap(), Outcome::NotMine);
    fixture.clock.advance(SHORT);
    assert!(matches!(two.clean_once().await.unwrap(), Outcome::Forgot(_)), "the lease has run out");
    assert_eq!(one.clean_once().await.unwrap(), Outcome::NotMine);
}

#[tokio::test(start_paused = true)]
async fn a_cleaner_goes_on_until_nothing_is_due() {
    let fixture = fixture();
    fixture.add(1_000).await;
    fixture.clock.advance(2 * LONG);
    let (_trigger, drain) = shutdown::drain();
    let running = tokio::spawn(fixture.cleaner("one").run(drain));
    fixture.until(|count| count == (0, 0)).await;
    running.abort();
}

#[tokio::test(start_paused = true)]
async fn a_cleaner_that_is_asked_to_end_gives_its_role_back() {
    let fixture = fixture();
    fixture.add(1_000).await;
    fixture.clock.advance(2 * LONG);
    let (trigger, drain) = shutdown::drain();
    let running = tokio::spawn(fixture.cleaner("one").run(drain));
    fixture.until(|count| count != (1_000, 1_000)).await;
    trigger.drain();
    running.await.unwrap();
    assert_ne!(fixture.count().await, (0, 0));
    assert_eq!(fixture.cleaner("two").clean_once().await.unwrap(), Outcome::Forgot(256));
}

#[tokio::test]
async fn what_is_forgotten_is_counted_and_the_age_of_the_oldest_is_shown() {
    let fixture = fixture();
    let metrics = Metrics::new("customers", "rest", &platform()).unwrap();
    let mut cleaner = fixture.cleaner("one").counting(&metrics).unwrap();
    fixture.add(2).await;
    fixture.clock.advance(2 * SHORT);
    cleaner.clean_once().await.unwrap();
    let text = metrics::exposition([&metrics], Format::Text).unwrap();
    for series in [
        r#"forgotten_total{what="short",service="customers",style="rest"} 2"#,
        r#"kept_oldest_seconds{what="long",service="customers",style="rest"} 60"#,
    ] {
        assert!(text.contains(series), "{text}");
    }
}

#[test]
fn retentions_are_read_in_seconds_and_one_too_short_is_refused_with_a_reason() {
    let mut env = Env::from([("RETAIN_INBOX_SECONDS", "30"), ("RETAIN_SAGAS_SECONDS", "10")]);
    let retention = Retention::from_env(&mut env);
    assert_eq!((retention.inbox, retention.sagas), (Duration::from_secs(30), SHORTEST));
    assert_eq!(retention.tombstones, Retention::default().tombstones);
    env.finish().unwrap();

    let mut env = Env::from([("RETAIN_INBOX_SECONDS", "9"), ("RETAIN_SAGAS_SECONDS", "a day")]);
    Retention::from_env(&mut env);
    let errors = env.finish().unwrap_err().variables;
    let messages: Vec<_> = errors.iter().map(|invalid| (&*invalid.name, &*invalid.message)).collect();
    assert!(
        matches!(messages[..], [
            ("RETAIN_INBOX_SECONDS", short),
            ("RETAIN_SAGAS_SECONDS", "invalid digit found in string"),
        ] if short.starts_with("must be at least 10: ")),
        "{messages:?}"
    );
}
