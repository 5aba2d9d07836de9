//! The operator that the scenarios are played with.

use std::{
    fs::File,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    process::{Child, Command},
};

use crate::{Cluster, Failure, rights};

/// Where the operator that is a process serves its health and metrics.
const METRICS: &str = "127.0.0.1:18110";

/// An operator, as a process beside the tests or as it was installed.
#[derive(Debug)]
pub struct Operator {
    process: Option<Child>,
    log: Log,
}

/// What an operator has logged, if it is a process.
#[derive(Clone, Debug, Default)]
pub struct Log {
    file: Option<PathBuf>,
}

impl Operator {
    /// Starts this program with an account of its own, which has the chart's rights; none if `E2E_OPERATOR` says `installed`. What it logs
    /// is in the file `operator.log` beside it.
    ///
    /// # Errors
    /// It cannot be started.
    pub async fn start(program: &Path, cluster: &Cluster) -> Result<Self, Failure> {
        if std::env::var("E2E_OPERATOR").is_ok_and(|operator| operator == "installed") {
            return Ok(Self { process: None, log: Log::default() });
        }
        let kubeconfig = program.with_extension("kubeconfig");
        rights::grant(cluster, &kubeconfig).await?;
        Self::run(program, &kubeconfig)
    }

    /// Starts this program on the cluster that a `KUBECONFIG` names, with the rights that it has there.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn run(program: &Path, kubeconfig: &Path) -> Result<Self, Failure> {
        TcpListener::bind(METRICS).map_err(|error| {
            format!("{METRICS} is taken, by an operator that was left over perhaps: {error}")
        })?;
        let file = program.with_extension("log");
        let log = File::create(&file)?;
        let process = Command::new(program)
            .args(["--pods-via=api", "--lease-namespace", rights::NAMESPACE])
            .env("KUBECONFIG", kubeconfig)
            .arg(format!("--listen={METRICS}"))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()?;
        Ok(Self { process: Some(process), log: Log { file: Some(file) } })
    }

    /// What it logs.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Its resident memory in MiB, as the kernel counts it.
    ///
    /// # Errors
    /// It is no process of this machine, or has ended.
    pub fn resident(&self) -> Result<f64, Failure> {
        let process = self.process.as_ref().and_then(Child::id);
        let process = process.ok_or("the operator is not a process of this machine")?;
        let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib: f64 = line.ok_or("the kernel does not say")?.trim().trim_end_matches(" kB").parse()?;
        Ok(kib / 1024.0)
    }

    /// What it counts, in Prometheus' text format.
    ///
    /// # Errors
    /// It is no process of this machine, or does not answer.
    pub async fn metrics(&self) -> Result<String, Failure> {
        #[expect(clippy::disallowed_methods, reason = "this is no service")]
        let mut stream = TcpStream::connect(METRICS).await?;
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        let (_, body) = answer.split_once("\r\n\r\n").ok_or("no answer")?;
        Ok(body.to_owned())
    }

    /// Ends it.
    ///
    /// # Errors
    /// It had ended already, or cannot be ended.
    pub async fn stop(self) -> Result<(), Failure> {
        let Some(mut process) = self.process else { return Ok(()) };
        if let Some(status) = process.try_wait()? {
            return Err(format!("the operator had ended: {status}").into());
        }
        Ok(process.kill().await?)
    }
}

/// So many of a namespace's lines are told.
const LINES: usize = 60;

impl Log {
    /// Its last lines that name this namespace.
    #[must_use]
    pub fn of(&self, namespace: &str) -> String {
        let Some(file) = &self.file else { return String::new() };
        let text = std::fs::read_to_string(file).unwrap_or_else(|error| error.to_string());
        let lines: Vec<_> = text.lines().filter(|line| line.contains(namespace)).collect();
        lines[lines.len().saturating_sub(LINES)..].join("\n")
    }
}
