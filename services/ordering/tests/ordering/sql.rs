//! The SQL of this service is portable: PostgreSQL applies its migrations and prepares its statements.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use database::{Statement, postgres_check};
use ordering::{SCHEMAS, STATEMENTS, store};

#[test]
fn postgresql_takes_the_migrations_and_statements() {
    let Some(programs) = programs() else { return println!("skipped, no PostgreSQL here") };
    let directory = tempfile::tempdir().unwrap();
    let script = postgres_check::script(SCHEMAS, &statements());
    fs::write(directory.path().join("script.sql"), script).unwrap();
    fs::write(directory.path().join("run"), RUN).unwrap();
    let mut run = as_somebody(directory.path());
    let output = run.arg(directory.path()).arg(programs).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn every_statement_on_orders_is_among_those_that_are_checked() {
    let checked: Vec<_> = statements().iter().map(Statement::sql).collect();
    let own = store::STATEMENTS.concat();
    assert!(own.len() > 10, "{}", own.len());
    assert!(own.iter().all(|statement| checked.contains(&statement.sql())));
}

fn statements() -> Vec<Statement> {
    STATEMENTS.concat().concat()
}

/// Runs the script on a server of its own, which listens on nothing but a socket in its directory.
const RUN: &str = r#"
set -eu
cd "$1"
PATH="$2:$PATH"
initdb --auth=trust --no-sync --username=switchyard -D data >log
pg_ctl start -w -D data -l log -o "-c listen_addresses= -c fsync=off -k '$1'" >log
trap 'pg_ctl stop -w -m immediate -D data >log' EXIT
psql --no-psqlrc --quiet --host="$1" --username=switchyard --dbname=postgres --file=script.sql
"#;

/// A shell in the directory. PostgreSQL refuses to run as root, so root runs it as `postgres`.
fn as_somebody(directory: &Path) -> Command {
    let is_root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    let mut command = Command::new(if is_root { "setpriv" } else { "sh" });
    if is_root {
        let given = Command::new("chown").arg("-R").arg("postgres").arg(directory).status().unwrap();
        assert!(given.success());
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "sh"]);
    }
    command.arg(directory.join("run"));
    command
}

/// Where PostgreSQL's programs are, among the directories of `PATH` and those of Debian's packages.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let packaged = versions.map(|version| version.path().join("bin"));
    let has_all =
        |directory: &PathBuf| ["initdb", "pg_ctl", "psql"].iter().all(|it| directory.join(it).exists());
    packaged.chain(std::env::split_paths(&path)).find(has_all)
}
