//! Measuring is done by programs of their own, in release: on the program `switchyard` of the same build, and on the layers of `mesh`.

use std::{
    path::PathBuf,
    process::{Command, ExitStatus},
};

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
    if let ["operator", arguments @ ..] = arguments {
        return operator(&cargo, arguments);
    }
    done("building", in_release("build").args(["--package", "switchyard", "--package", "bench"]).status())?;
    done("measuring", in_release("run").args(["--package", "bench", "--"]).args(arguments).status())
}

/// All of it is built together and static, since some of it runs in a cluster's pods; the bench finds the rest where it is itself.
fn operator(cargo: &str, arguments: &[&str]) -> Result<(), Vec<String>> {
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let packages = ["bench-operator", "demo", "load", "operator"];
    let mut build = Command::new(cargo);
    build
        .current_dir(root())
        .env("RUSTFLAGS", "-C target-feature=+crt-static")
        .args(["build", "--profile", "image", "--locked", "--quiet", "--target", &target])
        .args(packages.into_iter().flat_map(|package| ["--package", package]));
    done("building", build.status())?;
    let target_folder =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let folder = target_folder.join(target).join("image");
    let mut bench = Command::new(folder.join("bench-operator"));
    done("measuring", bench.current_dir(root()).env("E2E_PROGRAMS", &folder).args(arguments).status())
}

fn done(doing: &str, status: std::io::Result<ExitStatus>) -> Result<(), Vec<String>> {
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(vec![format!("{doing}: {status}")]),
        Err(error) => Err(vec![format!("{doing}: {error}")]),
    }
}
