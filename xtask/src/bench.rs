//! Measuring is done by programs of their own, in release: on the program `switchyard` of the same build, and on the layers of `mesh`.

use std::process::{Command, ExitStatus};

use crate::check::root;

/// Builds what is measured and what measures, and measures.
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
    if let ["mesh", arguments @ ..] = arguments {
        // Alone, since what another package asks of tokio would be built into this one too.
        return done(
            "measuring",
            in_release("run").args(["--package", "bench-mesh", "--"]).args(arguments).status(),
        );
    }
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
