//! The SQL of this crate is portable: PostgreSQL applies its migrations and prepares its statements.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use database::{Kind, Migration, Schema, leases, postgres_check};
use tempfile::TempDir;

#[test]
fn postgresql_takes_the_migrations_and_statements() {
    let Some(server) = Server::start() else { return println!("skipped, no PostgreSQL here") };
    let output = server.run(&postgres_check::script(&[leases::SCHEMA], leases::STATEMENTS));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_check_notices_what_is_not_portable() {
    let Some(server) = Server::start() else { return println!("skipped, no PostgreSQL here") };
    let unportable = Schema {
        name: "unportable",
        migrations: &[Migration {
            version: 1,
            kind: Kind::Expand,
            sql: "CREATE TABLE things (id INTEGER PRIMARY KEY AUTOINCREMENT)",
        }],
    };
    let output = server.run(&postgres_check::script(&[unportable], &[]));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && errors.contains("AUTOINCREMENT"), "{errors}");
}

/// A PostgreSQL server on a socket in a directory of its own, stopped when dropped.
struct Server {
    programs: PathBuf,
    directory: TempDir,
}

impl Server {
    fn start() -> Option<Self> {
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
    fn run(&self, script: &str) -> Output {
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

/// Where `initdb` is, among the directories of `PATH` and those of Debian's packages.
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
