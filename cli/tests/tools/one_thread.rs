//! The whole system on one thread, with nothing of the machine's but a directory: its connections are in memory, its
//! databases work on the caller's thread, and its clock is the test's.

use std::{future::Future, net::TcpListener, path::Path, time::Duration};

use chassis::{platform::Platform, retention::Retention, telemetry::LogHandle};
use clap::Parser;
use database::Clock;
use switchyard::up::{self, Up};
use tokio::time::Instant;

use crate::terminal::switchyard;

/// When it all begins: a time that is no test machine's, in microseconds since the Unix epoch.
const BEGINNING: i64 = 2_000_000_000_000_000;

#[derive(Debug, Parser)]
struct Typed {
    #[command(flatten)]
    up: up::Args,
}

/// A platform whose time is that of a paused runtime.
pub(crate) fn platform() -> Platform {
    let began = Instant::now();
    let clock = Clock::new(move || BEGINNING + i64::try_from(began.elapsed().as_micros()).unwrap());
    Platform::simulated(1, clock)
}

/// Runs `work` beside a system that keeps its data there and stops in order afterwards.
pub(crate) async fn beside_a_system(
    platform: &Platform,
    data: &Path,
    options: &[&str],
    retention: Retention,
    work: impl Future<Output = ()>,
) {
    let data = ["--data-dir", data.to_str().unwrap()];
    let typed = Typed::parse_from([&["up"], data.as_slice(), options].concat());
    let (platform, log) = (platform.clone(), LogHandle::detached());
    let up = Box::pin(Up::start(&typed.up, retention, platform, log)).await.unwrap();
    work.await;
    Box::pin(up.stop()).await;
}

#[tokio::test(start_paused = true)]
async fn the_whole_system_runs_on_one_thread_without_a_socket() {
    // A port that somebody has is free in memory: no socket of the machine's is involved.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (platform, data) = (platform(), tempfile::tempdir().unwrap());
    let gateway = format!("http://127.0.0.1:{port}");
    // The second run goes on where the first has stopped.
    for sample in ["cancels", "payments"] {
        let work = async {
            let file = format!("{}/../samples/{sample}.jsonl", env!("CARGO_MANIFEST_DIR"));
            let order =
                ["order", "--style", "all", "--gateway", &gateway, "--concurrency", "4", "--file", &file];
            switchyard(&platform, &order).await.with(0);
            let verified = switchyard(&platform, &["verify"]).await;
            assert!(verified.told(0).contains(" 0 broken"), "{}", verified.out);
        };
        Box::pin(beside_a_system(&platform, data.path(), &["--port", &port], Retention::default(), work))
            .await;
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_broken_when_everything_was_forgotten_that_can_be() {
    let keep = Duration::from_secs(30);
    let (platform, data) = (platform(), tempfile::tempdir().unwrap());
    let work = async {
        // What comes after is counted on from what was before.
        for sample in ["cancels", "payments"] {
            let file = format!("{}/../samples/{sample}.jsonl", env!("CARGO_MANIFEST_DIR"));
            let order = ["order", "--style", "all", "--concurrency", "4", "--file", &file];
            switchyard(&platform, &order).await.with(0);
            tokio::time::sleep(2 * keep).await;
            let verified = switchyard(&platform, &["verify"]).await;
            assert!(verified.told(0).contains(" 0 broken"), "{}", verified.out);
        }
    };
    Box::pin(beside_a_system(&platform, data.path(), &[], Retention::all(keep), work)).await;
}
