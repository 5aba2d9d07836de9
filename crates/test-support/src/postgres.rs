//! A PostgreSQL server for one test, where its programs are installed.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    ffi::OsStr,
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use database::{Schema, Statement, postgres_check};
use tempfile::TempDir;

/// Checks that PostgreSQL applies these migrations and prepares these statements. Where it is not installed this says
/// that it was skipped.
///
/// # Panics
/// PostgreSQL refuses one of them, or cannot be started.
pub fn takes(schemas: &[Schema], statements: &[Statement]) {
    let Some(server) = Server::start() else { return skipped() };
    let output = server.run(&postgres_check::script(schemas, statements));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Says that a test was skipped, for want of PostgreSQL.
#[expect(clippy::print_stdout, reason = "what a test prints, the harness shows when it should be seen")]
pub fn skipped() {
    println!("skipped, no PostgreSQL here");
}

/// A PostgreSQL server on a socket in a directory of its own, stopped when dropped.
#[derive(Debug)]
pub struct Server {
    programs: PathBuf,
    directory: TempDir,
}

impl Server {
    /// Starts a server with nothing in it; `None` where PostgreSQL is not installed.
    ///
    /// # Panics
    /// It is installed and does not start.
    #[must_use]
    pub fn start() -> Option<Self> {
        let programs = programs()?;
        let directory = tempfile::Builder::new().prefix("pg").tempdir().unwrap();
        let server = Self { programs, directory };
        let (data, log) = (server.path("data"), server.path("log"));
        if is_root() {
            succeed(Command::new("chown").arg("postgres").arg(server.directory.path()));
        }
        let data = data.as_os_str();
        succeed(
            server
                .command("initdb")
                .args(["--auth=trust", "--no-sync", "--username=switchyard", "-D"])
                .arg(data),
        );
        let options = format!("-c listen_addresses= -c fsync=off -k {}", server.directory.path().display());
        succeed(
            server.command("pg_ctl").args(["start", "-w", "-o", &options, "-l"]).arg(log).arg("-D").arg(data),
        );
        Some(server)
    }

    /// Runs a script through `psql`.
    ///
    /// # Panics
    /// `psql` cannot be run; that the script fails is told by the output.
    #[must_use]
    pub fn run(&self, script: &str) -> Output {
        let file = self.path("script.sql");
        fs::write(&file, script).unwrap();
        let mut psql = self.command("psql");
        psql.args(["--no-psqlrc", "--quiet", "--username=switchyard", "--dbname=postgres", "--host"]);
        psql.arg(self.directory.path()).arg("--file").arg(file).output().unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// One of PostgreSQL's programs; they refuse to run as root, so root runs them as `postgres`.
    fn command(&self, name: &str) -> Command {
        let program = self.programs.join(name);
        let mut command = if is_root() { as_postgres(program.as_os_str()) } else { Command::new(program) };
        command.current_dir(self.directory.path());
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut stop = self.command("pg_ctl");
        let _ = stop.args(["stop", "-w", "-m", "immediate", "-D"]).arg(self.path("data")).output();
    }
}

fn as_postgres(program: &OsStr) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
    command
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// Where PostgreSQL's programs are, among the directories of Debian's packages and those of `PATH`.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let packaged = versions.map(|version| version.path().join("bin"));
    packaged.chain(std::env::split_paths(&path)).find(|directory| has_programs(directory))
}

fn has_programs(directory: &Path) -> bool {
    ["initdb", "pg_ctl", "psql"].iter().all(|program| directory.join(program).exists())
}

fn succeed(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
