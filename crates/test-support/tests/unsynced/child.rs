//! This program again, as the process that is killed.

use std::{
    env,
    io::{BufRead as _, BufReader, Lines},
    path::{Path, PathBuf},
    process::{Child as Process, ChildStdout, Command, Stdio},
};

use test_support::unsynced;

use crate::{commits, outages, store};

const ROLE: &str = "UNSYNCED_CHILD";
const FILE: &str = "UNSYNCED_FILE";

/// What the lines begin with by which a child tells how far it is, among those of the test harness.
const SAID: &str = "child: ";

/// What a child does. It never returns.
type Role = fn(&Path);

fn role(name: &str) -> Role {
    match name {
        "commit" => commits::child,
        "store" => store::child,
        "outage" => outages::child,
        _ => panic!("there is no role `{name}`"),
    }
}

#[test]
#[ignore = "other tests start it as a process of its own"]
fn child() {
    let Ok(name) = env::var(ROLE) else { return };
    unsynced::install();
    role(name.split(' ').next().unwrap())(&PathBuf::from(env::var(FILE).unwrap()));
}

/// What follows the name in the child's role.
pub(crate) fn argument() -> String {
    env::var(ROLE).unwrap().split_once(' ').unwrap().1.to_owned()
}

/// Tells the parent something.
pub(crate) fn say(what: &str) {
    // Begun on a new line: the harness has written a part of one.
    println!("\n{SAID}{what}");
}

/// Waits to be killed.
pub(crate) fn wait() -> ! {
    loop {
        std::thread::park();
    }
}

/// A child, killed when it is dropped.
pub(crate) struct Child {
    process: Process,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Child {
    /// Starts a child in its role, which works on `file`.
    pub(crate) fn start(role: &str, file: &Path) -> Self {
        let mut process = Command::new(env::current_exe().unwrap())
            .args(["child::child", "--exact", "--ignored", "--nocapture"])
            .env(ROLE, role)
            .env(FILE, file)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, lines }
    }

    /// The next thing that it says, until its end.
    pub(crate) fn hear(&mut self) -> Option<String> {
        self.lines.by_ref().find_map(|line| Some(line.unwrap().strip_prefix(SAID)?.to_owned()))
    }

    /// Kills it; answers what it has said before and nobody has heard.
    pub(crate) fn kill(mut self) -> Vec<String> {
        self.process.kill().unwrap();
        std::iter::from_fn(|| self.hear()).collect()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
