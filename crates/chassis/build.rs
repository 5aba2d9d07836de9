//! Tells the build what it is made with. The commit is not asked for here: it changes with every commit, and everything
//! that stands on this crate would be built anew each time; see `BuildInfo::of`.

use std::{env, process::Command};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let profile = env::var("PROFILE").unwrap_or_else(|_| "unknown".to_owned());
    println!("cargo:rustc-env=BUILD_PROFILE={profile}");
    println!("cargo:rustc-env=BUILD_RUSTC={}", rustc().unwrap_or_else(|| "unknown".to_owned()));
}

/// `1.95.0`, say.
fn rustc() -> Option<String> {
    let output = Command::new(env::var_os("RUSTC")?).arg("--version").output().ok()?;
    let version = String::from_utf8(output.stdout).ok()?;
    version.split_ascii_whitespace().nth(1).map(str::to_owned)
}
