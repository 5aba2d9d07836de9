//! Measuring is done by a program of its own, in release, on the program `switchyard` of the same build.

use std::process::{Command, ExitStatus};

use crate::check::root;

/// Builds both, and measures.
///
/// # Errors
/// One of them cannot be built or run, or fails.
pub(crate) fn run(arguments: &[&str]) -> Result<(), Vec<String>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let in_release = |what: &str| {
        let mut command = Command::new(&cargo);
        command.current_dir(root()).args([what, "--release", "--locked", "--quiet"]);
        command
    };
    done("building", in_release("build").args(["--package", "switchyard", "--package", "bench"]).status())?;
    done("measuring", in_release("run").args(["--package", "bench", "--"]).args(arguments).status())
}

fn done(doing: &str, status: std::io::Result<ExitStatus>) -> Result<(), Vec<String>> {
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(vec![format!("{doing}: {status}")]),
        Err(error) => Err(vec![format!("{doing}: {error}")]),
    }
}
