//! The program under test, in a process of its own.

use std::{
    env, fs, io,
    net::TcpListener,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout},
    time::{Instant, timeout},
};

use crate::Failure;

/// How long anything may take that should be a matter of a second.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where the program is: beside this one, of the same build.
pub(crate) fn path() -> Result<PathBuf, Failure> {
    let path = env::current_exe()?.with_file_name("switchyard");
    if path.is_file() {
        Ok(path)
    } else {
        Err(format!("there is no {}; build it first", path.display()).into())
    }
}

/// `switchyard up` on a directory and ports of its own.
pub(crate) struct System {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    pub(crate) gateway: String,
    pub(crate) admin: String,
    /// From the start of the process to its word that it is ready.
    pub(crate) ready_after: Duration,
    data: tempfile::TempDir,
}

/// What a system is told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Setting {
    /// Styles, separated by commas.
    pub(crate) styles: String,
    pub(crate) variables: Vec<(&'static str, String)>,
}

impl Setting {
    /// Of these styles, with the logs that everybody gets.
    pub(crate) fn of(styles: impl Into<String>) -> Self {
        Self { styles: styles.into(), variables: Vec::new() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((name, value.into()));
        self
    }
}

impl System {
    /// Starts one, with its logs in a file.
    pub(crate) async fn start(setting: &Setting) -> Result<Self, Failure> {
        let data = tempfile::tempdir()?;
        let (gateway, admin) = (free_port()?, free_port()?);
        let log = fs::File::create(data.path().join("log"))?;
        let mut command = Command::new(path()?);
        command.args(["up", "--styles", &setting.styles]).arg("--data-dir").arg(data.path().join("data"));
        command.args(["--port", &gateway.to_string(), "--admin-port", &admin.to_string()]);
        command.envs(setting.variables.iter().map(|(name, value)| (*name, value.as_str())));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let began = Instant::now();
        let mut process = tokio::process::Command::from(command).kill_on_drop(true).spawn()?;
        let out = process.stdout.take().ok_or("the program has no output")?;
        let lines = BufReader::new(out).lines();
        let at = |port: u16| format!("http://127.0.0.1:{port}");
        let (gateway, admin) = (at(gateway), at(admin));
        let mut system = Self { process, lines, gateway, admin, ready_after: Duration::ZERO, data };
        timeout(PATIENCE, system.until_ready()).await??;
        system.ready_after = began.elapsed();
        Ok(system)
    }

    async fn until_ready(&mut self) -> Result<(), Failure> {
        while let Some(line) = self.lines.next_line().await? {
            if line == "ready" {
                return Ok(());
            }
        }
        let log = fs::read_to_string(self.data.path().join("log")).unwrap_or_default();
        Err(format!("the system did not start: {log}").into())
    }

    /// Bytes that it has in memory.
    pub(crate) fn resident(&self) -> Result<f64, Failure> {
        let status = self.proc("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next());
        Ok(kib.ok_or("the kernel does not tell the memory")?.parse::<f64>()? * 1024.0)
    }

    /// Seconds of processor time so far.
    pub(crate) fn processor_time(&self) -> Result<f64, Failure> {
        const TICKS_PER_SECOND: f64 = 100.0;
        let stat = self.proc("stat")?;
        // What stands before is the name, which may have blanks in it.
        let fields: Vec<_> = stat.rsplit_once(") ").map_or("", |it| it.1).split_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok());
        let (user, kernel) = ticks(11).zip(ticks(12)).ok_or("the kernel does not tell the time")?;
        Ok((user + kernel) / TICKS_PER_SECOND)
    }

    fn proc(&self, file: &str) -> Result<String, Failure> {
        let id = self.process.id().ok_or("the system has ended")?;
        Ok(fs::read_to_string(format!("/proc/{id}/{file}"))?)
    }

    /// Where its files are.
    pub(crate) fn directory(&self) -> PathBuf {
        self.data.path().join("data")
    }

    /// Bytes of all its files.
    pub(crate) fn files(&self) -> Result<f64, Failure> {
        fn size(directory: PathBuf) -> io::Result<u64> {
            let mut sum = 0;
            for entry in fs::read_dir(directory)? {
                let entry = entry?;
                sum +=
                    if entry.file_type()?.is_dir() { size(entry.path())? } else { entry.metadata()?.len() };
            }
            Ok(sum)
        }
        #[expect(clippy::cast_precision_loss, reason = "nobody reads the last byte")]
        Ok(size(self.directory())? as f64)
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) async fn stop(mut self) -> Result<(), Failure> {
        let id = self.process.id().ok_or("the system has ended by itself")?;
        let asked = Command::new("kill").args(["-TERM", &id.to_string()]).status()?;
        let ended = timeout(PATIENCE, self.process.wait()).await??;
        if asked.success() && ended.success() {
            Ok(())
        } else {
            Err("the system did not stop in order".into())
        }
    }
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
