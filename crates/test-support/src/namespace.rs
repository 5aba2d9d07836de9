//! Runs a test again in a mount namespace of its own, where it may have a small or a read-only disk.
//!
//! ```no_run
//! # use test_support::namespace;
//! #[test]
//! fn a_small_disk_fills_up() {
//!     let Some(disk) = namespace::disk() else {
//!         let directory = tempfile::tempdir().unwrap();
//!         return namespace::again("a_small_disk_fills_up", directory.path(), "mount -t tmpfs -o size=1m none \"$0\"");
//!     };
//!     // … fill `disk` …
//! }
//! ```

use std::{
    env, io,
    path::{Path, PathBuf},
    process::{Command, Output},
};

const DISK: &str = "SWITCHYARD_TEST_DISK";

/// The directory that was prepared, if this is the run in the namespace.
#[must_use]
pub fn disk() -> Option<PathBuf> {
    env::var_os(DISK).map(Into::into)
}

/// Runs the shell's command `mount`, in which `$0` is `directory`, and then this program again for the test `name`
/// alone; with its module, as the test harness names it.
///
/// Where the system does not let everybody make namespaces nothing is tested, and the output says so.
///
/// # Panics
/// If that test fails.
#[expect(clippy::print_stdout, reason = "what a test prints, the harness shows when it should be seen")]
pub fn again(name: &str, directory: &Path, mount: &str) {
    match run(name, directory, mount) {
        Ok(output) if output.stdout.starts_with(b"mounted") => {
            let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && text.contains("1 passed"), "{text}");
        }
        refused => println!("skipped, no mount namespace here: {refused:?}"),
    }
}

fn run(name: &str, directory: &Path, mount: &str) -> io::Result<Output> {
    let script = format!("set -e; {mount}; echo mounted; exec \"$@\"");
    Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", &script])
        .arg(directory)
        .arg(env::current_exe()?)
        .args(["--exact", name, "--nocapture"])
        .env(DISK, directory)
        .output()
}
