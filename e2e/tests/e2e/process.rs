//! `switchyard` as a process of its own.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus},
    sync::atomic::{AtomicU16, Ordering},
};

use chassis::client::Call;
use serde_json::Value;

use crate::{client::Client, patience::until};

/// What becomes of what was written and not synced when the process is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Storage {
    /// It is in the page cache, which outlives a process.
    Cached,
    /// It is lost, as after a power cut.
    Unsynced,
}

/// How `switchyard up` is started.
#[derive(Clone, Debug)]
pub(crate) struct Up<'a> {
    pub(crate) data: &'a Path,
    pub(crate) storage: Storage,
    /// Where what it says is added.
    pub(crate) log: PathBuf,
    /// What its environment says besides.
    pub(crate) variables: Vec<(&'static str, String)>,
}

/// A process; killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
    gateway: String,
    admin: String,
}

impl<'a> Up<'a> {
    /// Every style, with what is usual.
    pub(crate) fn on(data: &'a Path) -> Self {
        let log = data.with_extension("log");
        Self { data, storage: Storage::Cached, log, variables: Vec::new() }
    }

    /// Starts it. It need not be ready yet.
    pub(crate) fn start(&self) -> Process {
        let (port, admin_port) = (free_port(), free_port());
        let mut command = switchyard(self.storage);
        command.args(["up", "--data-dir"]).arg(self.data);
        command.env("LOG_LEVEL", "warn").envs(self.variables.clone()).args([
            "--port",
            &port.to_string(),
            "--admin-port",
            &admin_port.to_string(),
        ]);
        Process::start(command, &self.log, [port, admin_port])
    }
}

impl Process {
    /// Starts `switchyard up` with these ports; what it says is added to `log`.
    fn start(mut command: Command, log: &Path, [port, admin_port]: [u16; 2]) -> Self {
        let output = File::options().create(true).append(true).open(log).unwrap();
        let child = command.stdout(output.try_clone().unwrap()).stderr(output).spawn().unwrap();
        let at = |port| format!("http://127.0.0.1:{port}");
        Self { child, log: log.to_owned(), gateway: at(port), admin: at(admin_port) }
    }

    /// Its number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Where clients reach it.
    pub(crate) fn gateway(&self) -> &str {
        &self.gateway
    }

    /// Where operators reach it.
    pub(crate) fn admin(&self) -> &str {
        &self.admin
    }

    /// Waits until it says that it is ready.
    pub(crate) async fn ready(&mut self, client: &Client) {
        let ready = async || {
            if let Some(status) = self.has_ended() {
                panic!("it ended with {status}\n{}", self.log());
            }
            match self.unready(client).await {
                Ok(checks) if checks.is_empty() => Ok(()),
                Ok(checks) => Err(format!("{checks:?}\n{}", self.log())),
                Err(no_answer) => Err(format!("{no_answer}\n{}", self.log())),
            }
        };
        until("ready", ready).await;
    }

    /// What it says why it is not ready, nothing if it is; `Err` while it says nothing at all.
    pub(crate) async fn unready(&self, client: &Client) -> Result<Vec<String>, String> {
        let probe = client.http().send(Call::get(format!("{}/readyz", self.admin))).await;
        let report: Value = probe.map_err(|error| error.to_string())?.json().unwrap();
        let checks = report["checks"].as_array().unwrap();
        Ok(checks.iter().filter(|check| check["ready"] == false).map(Value::to_string).collect())
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// How it has ended, if it has.
    pub(crate) fn has_ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        until("the process's end", async || self.has_ended().ok_or_else(|| self.log())).await
    }

    /// The last of what it has said, and those before it on the same data.
    pub(crate) fn log(&self) -> String {
        const LINES: usize = 60;
        let log = fs::read(&self.log).unwrap();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(LINES)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The command, without arguments.
pub(crate) fn switchyard(storage: Storage) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_switchyard-under-test"));
    if storage == Storage::Unsynced {
        command.env("STORAGE", "unsynced");
    }
    command
}

/// `switchyard verify` finds nothing.
pub(crate) fn verify(process: &Process) {
    let output = switchyard(Storage::Cached).args(["verify", "--admin", process.admin()]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{}", process.log());
}

/// Asks a process to stop, and waits until it has.
pub(crate) async fn terminate(process: &mut Process) -> ExitStatus {
    let asked = Command::new("kill").args(["-TERM", &process.id().to_string()]).status().unwrap();
    assert!(asked.success());
    process.ended().await
}

/// A port on which nobody listens, another one each time.
///
/// It is none of those that the system gives to whoever asks for any, the clients' ends of connections included:
/// one of them might be taken between here and the process's start.
pub(crate) fn free_port() -> u16 {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    const FIRST: u16 = 12_000;
    const COUNT: u16 = 18_000;
    // Two runs of the tests at a time begin at different places.
    let begin = (std::process::id() * 97 % u32::from(COUNT)) as u16;
    loop {
        let port = FIRST + (begin + TAKEN.fetch_add(1, Ordering::Relaxed)) % COUNT;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
