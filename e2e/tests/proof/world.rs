//! The whole system on the thread of the test, with nothing of the machine's but a directory.

use std::{path::Path, time::Duration};

use chassis::{
    client::{Call, HttpClient, Response},
    doubles::Doubles,
    platform::Platform,
    retention::Retention,
    telemetry::LogHandle,
};
use clap::Parser;
use contracts::Style;
use database::Clock;
use serde_json::Value;
use switchyard::{
    order::{Replay, Replayed},
    remote::{Admin, AdminArgs, GatewayArgs},
    up::{self, Up},
    verify::{self, Finding, Verdict},
    workload::{Run, Workload},
};
use tempfile::TempDir;
use tokio::time::Instant;

/// When it all begins, in microseconds since the Unix epoch: a time that is no test machine's.
const BEGINNING: i64 = 2_000_000_000_000_000;

/// How long anything may take, in the world's own time, which passes at once while nobody has anything to do.
pub(crate) const PATIENCE: Duration = Duration::from_secs(600);

/// Where files are kept: in memory, where the machine has a directory for that.
const MEMORY: &str = "/dev/shm";

#[derive(Debug, Parser)]
struct Typed {
    #[command(flatten)]
    up: up::Args,
}

/// A system and its clients, in a time of their own.
pub(crate) struct World {
    pub(crate) platform: Platform,
    args: up::Args,
    http: HttpClient,
    up: Option<Up>,
    _directory: TempDir,
}

impl World {
    /// A world in which nothing runs yet: on a runtime of one thread, whose time is paused.
    pub(crate) fn new(styles: &[Style], seed: u64, doubles: Doubles) -> Self {
        let memory = Path::new(MEMORY);
        let directory = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let directory = directory.unwrap();
        let data = directory.path().join("data");
        let styles: Vec<_> = styles.iter().map(ToString::to_string).collect();
        let typed = ["up", "--data-dir", data.to_str().unwrap(), "--styles", &styles.join(",")];
        let began = Instant::now();
        let clock = Clock::new(move || BEGINNING + i64::try_from(began.elapsed().as_micros()).unwrap());
        let platform = Platform::simulated(seed, clock).doubled(doubles);
        let http = HttpClient::new(&platform, chassis::client::Options::default());
        let args = Typed::parse_from(typed).up;
        Self { platform, args, http, up: None, _directory: directory }
    }

    /// A world whose system runs.
    pub(crate) async fn started(styles: &[Style], seed: u64) -> Self {
        let mut world = Self::new(styles, seed, Doubles::default());
        world.start().await;
        world
    }

    /// Starts the system on what it left behind.
    pub(crate) async fn start(&mut self) {
        let platform = self.platform.clone();
        let starting = Up::start(&self.args, Retention::default(), platform, LogHandle::detached());
        self.up = Some(Box::pin(starting).await.unwrap());
    }

    /// Stops the system in order.
    pub(crate) async fn stop(mut self) {
        if let Some(up) = self.up.take() {
            Box::pin(up.stop()).await;
        }
    }

    /// Runs a workload in one style, some lines at a time.
    pub(crate) async fn run(&self, style: Style, workload: &Workload, concurrency: usize) -> Replayed {
        let gateway = GatewayArgs::default().connect(&self.platform);
        let replay = Replay { gateway, admin: self.admin(), style, concurrency, patience: PATIENCE };
        let run = Run::new(self.platform.random());
        Box::pin(replay.run(workload, run, self.platform.random())).await.unwrap()
    }

    pub(crate) fn admin(&self) -> Admin {
        AdminArgs::default().connect(&self.platform)
    }

    /// Every invariant that is broken, in every style, once the system is at rest.
    pub(crate) async fn broken(&self) -> Vec<Finding> {
        let findings = verify::findings(&self.admin().patient(PATIENCE), PATIENCE).await.unwrap();
        findings.into_iter().filter(|finding| matches!(finding.verdict, Verdict::Broken { .. })).collect()
    }

    /// What the gateway answers.
    pub(crate) async fn send(&self, call: Call) -> Response {
        self.http.send(call).await.unwrap()
    }

    /// What the gateway shows, which is there.
    pub(crate) async fn show(&self, path: &str) -> Value {
        let response = self.send(Call::get(gateway(path))).await;
        assert!(response.is_success(), "GET {path}: {response:?}");
        response.json().unwrap()
    }
}

/// A path at the gateway.
pub(crate) fn gateway(path: &str) -> String {
    format!("http://127.0.0.1:8080{path}")
}
