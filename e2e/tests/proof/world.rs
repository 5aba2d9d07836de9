//! The whole system on the thread of the test, with nothing of the machine's but a directory.

use std::{
    cell::RefCell,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
    time::Duration,
};

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
    pub(crate) clock: JumpyClock,
    /// How long anything may take.
    pub(crate) patience: Duration,
    args: up::Args,
    http: HttpClient,
    up: RefCell<Option<Up>>,
    _directory: TempDir,
}

/// A clock that goes with the runtime's, and jumps when it is told to.
#[derive(Clone, Debug, Default)]
pub(crate) struct JumpyClock(Arc<AtomicI64>);

impl JumpyClock {
    /// From now on it is that much later, or earlier.
    pub(crate) fn jump(&self, micros: i64) {
        self.0.fetch_add(micros, Relaxed);
    }

    fn clock(&self) -> Clock {
        let (began, jumped) = (Instant::now(), self.0.clone());
        Clock::new(move || {
            let passed = i64::try_from(began.elapsed().as_micros()).unwrap();
            BEGINNING + passed + jumped.load(Relaxed)
        })
    }
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
        let clock = JumpyClock::default();
        let platform = Platform::simulated(seed, clock.clock()).doubled(doubles);
        let http = HttpClient::new(&platform, chassis::client::Options::default());
        let args = Typed::parse_from(typed).up;
        Self {
            platform,
            clock,
            patience: PATIENCE,
            args,
            http,
            up: RefCell::default(),
            _directory: directory,
        }
    }

    /// A world whose system runs.
    pub(crate) async fn started(styles: &[Style], seed: u64) -> Self {
        let world = Self::new(styles, seed, Doubles::default());
        world.start().await;
        world
    }

    /// Starts the system on what it left behind.
    pub(crate) async fn start(&self) {
        self.start_with(self.platform.doubles.clone()).await;
    }

    /// The same, with these doubles in it.
    pub(crate) async fn start_with(&self, doubles: Doubles) {
        let platform = self.platform.clone().doubled(doubles);
        let starting = Up::start(&self.args, Retention::default(), platform, LogHandle::detached());
        let up = Box::pin(starting).await.unwrap();
        self.up.replace(Some(up));
    }

    /// Ends the system as a crash would: all at once, where it is.
    pub(crate) async fn crash(&self) {
        drop(self.up.take());
        // Tasks that were aborted are gone, and their ports free, once each had a turn.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }

    /// Stops the system in order.
    pub(crate) async fn stop(&self) {
        if let Some(up) = self.up.take() {
            Box::pin(up.stop()).await;
        }
    }

    /// Runs a workload in one style, some lines at a time.
    pub(crate) async fn run(&self, style: Style, workload: &Workload, concurrency: usize) -> Replayed {
        let gateway = GatewayArgs::default().connect(&self.platform);
        let replay = Replay { gateway, admin: self.admin(), style, concurrency, patience: self.patience };
        let run = Run::new(self.platform.random());
        Box::pin(replay.run(workload, run, self.platform.random())).await.unwrap()
    }

    pub(crate) fn admin(&self) -> Admin {
        AdminArgs::default().connect(&self.platform)
    }

    /// Every invariant that is broken, in every style, once the system is at rest.
    pub(crate) async fn broken(&self) -> Vec<Finding> {
        let findings = verify::findings(&self.admin().patient(self.patience), self.patience).await.unwrap();
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
