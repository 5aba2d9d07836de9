//! What was acknowledged is on the disk: a kill that loses everything that was not synced loses none of it.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use database::{Database, Options};
use event_store::{Expected, Ledger};

use crate::world::{World, append_one, events_of, to};

const FILE: &str = "LEDGER_CHILD_FILE";
const FIRST: &str = "LEDGER_CHILD_FIRST";

/// What the lines begin with by which the child tells what was acknowledged, among those of the test harness.
const SAID: &str = "acknowledged ";

/// After how many acknowledgements each run is killed.
const KILLS: [usize; 4] = [1, 7, 40, 150];

#[test]
fn an_acknowledged_append_outlives_a_kill() {
    let world = World::new();
    let file = world.path("ledger");
    let mut acknowledged = BTreeSet::new();
    for (round, kill_after) in KILLS.into_iter().enumerate() {
        acknowledged.extend(killed_after(kill_after, &file, round * 1_000_000));
        let kept = kept(&file);
        assert_eq!(acknowledged.difference(&kept).count(), 0, "lost in round {round}");
    }
}

/// Runs a child until so many appends were acknowledged; tells all that were.
fn killed_after(count: usize, file: &Path, first: usize) -> Vec<u128> {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["unsynced::child", "--exact", "--ignored", "--nocapture"])
        .env(FILE, file)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let mut said = lines.filter_map(|line| line.unwrap().strip_prefix(SAID)?.parse().ok());
    let mut heard: Vec<u128> = said.by_ref().take(count).collect();
    assert_eq!(heard.len(), count, "the child goes on until it is killed");
    process.kill().unwrap();
    process.wait().unwrap();
    heard.extend(said);
    heard
}

fn open(file: &Path) -> Ledger {
    Ledger::new(Database::open(file, &[event_store::SCHEMA], Options::default()).unwrap())
}

#[tokio::main(flavor = "current_thread")]
async fn kept(file: &Path) -> BTreeSet<u128> {
    let ledger = open(file);
    let mut kept = BTreeSet::new();
    for number in 0..4 {
        let events = events_of(&ledger, &format!("order-{number}")).await;
        assert!(events.iter().map(|event| event.version).eq(1..=events.len() as u64), "without a gap");
        kept.extend(events.iter().map(|event| event.id.as_u128()));
    }
    ledger.database().close().await;
    kept
}

#[test]
#[ignore = "another test starts it as a process of its own"]
fn child() {
    let Ok(file) = std::env::var(FILE) else { return };
    test_support::unsynced::install();
    append_for_ever(&PathBuf::from(file), std::env::var(FIRST).unwrap().parse().unwrap());
}

#[tokio::main(flavor = "current_thread")]
async fn append_for_ever(file: &Path, first: u128) {
    let ledger = open(file);
    let callers = (0..4_u128).map(|caller| {
        let ledger = ledger.clone();
        tokio::spawn(async move {
            for number in (first + caller..).step_by(4) {
                append_one(&ledger, to(&format!("order-{caller}"), Expected::Any, [number])).await.unwrap();
                println!("\n{SAID}{number}");
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
}
