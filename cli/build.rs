//! Tells the command which commit it was built of: `GIT_COMMIT` where that is given, else what git says, and that in
//! release only, so that no build of a developer's is made anew for a commit. Without git the commit is unknown.

use std::{env, path::Path, process::Command};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=GIT_COMMIT");
    let commit = env::var("GIT_COMMIT").ok().or_else(|| {
        let release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
        if release { head() } else { None }
    });
    if let Some(commit) = commit {
        println!("cargo:rustc-env=COMMIT={commit}");
    }
}

/// The commit that is checked out.
fn head() -> Option<String> {
    // It grows with every commit and checkout; a worktree has one of its own.
    let log = git(&["rev-parse", "--git-path", "logs/HEAD"])?;
    if Path::new(&log).exists() {
        println!("cargo:rerun-if-changed={log}");
    }
    git(&["rev-parse", "--short=12", "HEAD"])
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok().filter(|it| it.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
