//! Runs a test again in a mount namespace of its own, where it may have a small or a read-only disk.

use std::path::Path;
use std::process::Command;

const DISK: &str = "SWITCHYARD_TEST_DISK";

/// The directory that was prepared, if this is the run in the namespace.
pub(crate) fn disk() -> Option<std::path::PathBuf> {
    std::env::var_os(DISK).map(Into::into)
}

/// Runs `mount`, in which `$0` is `directory`, and then this program again for the test `name` alone.
///
/// Where the system does not allow this, nothing is tested and the output says so.
pub(crate) fn again(name: &str, directory: &Path, mount: &str) {
    let script = format!("set -e; {mount}; echo mounted; exec \"$@\"");
    let test = std::env::current_exe().unwrap();
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", &script])
        .args([directory, &test])
        .args(["--exact", name, "--nocapture"])
        .env(DISK, directory)
        .output();
    match output {
        Ok(output) if output.stdout.starts_with(b"mounted") => {
            let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && text.contains("1 passed"), "{text}");
        }
        refused => println!("skipped, no mount namespace here: {refused:?}"),
    }
}
