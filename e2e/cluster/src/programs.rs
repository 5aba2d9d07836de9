//! The programs that run in the cluster, built so that each is an image of one file.

use std::{
    env::consts::ARCH,
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::process::Command;

use crate::Failure;

/// The load generator's image.
pub(crate) const LOAD: &str = "localhost/switchyard-load:e2e";
/// The workload's image.
pub(crate) const DEMO: &str = "localhost/switchyard-demo:e2e";

/// Builds all of them, unless `E2E_PROGRAMS` says in which folder they are, and has them loaded into the cluster's nodes by the command
/// that `E2E_IMAGE` names, in which `{name}` and `{binary}` stand for the image and its one file. Without `E2E_IMAGE` the images must
/// be there. Gives the operator's file.
///
/// # Errors
/// One of them cannot be built or loaded.
pub async fn provide() -> Result<PathBuf, Failure> {
    let folder = programs().await?;
    if let Ok(template) = std::env::var("E2E_IMAGE") {
        for (name, program) in [(LOAD, "load"), (DEMO, "demo")] {
            let binary = folder.join(program).display().to_string();
            let mut words = template
                .split_whitespace()
                .map(|word| word.replace("{name}", name).replace("{binary}", &binary));
            let program = words.next().ok_or("`E2E_IMAGE` is empty")?;
            run(Command::new(program).args(words)).await?;
        }
    }
    Ok(folder.join("operator"))
}

/// The folder with all of them, built unless `E2E_PROGRAMS` says where they are.
///
/// # Errors
/// One of them cannot be built.
pub async fn programs() -> Result<PathBuf, Failure> {
    match std::env::var_os("E2E_PROGRAMS") {
        Some(folder) => Ok(PathBuf::from(folder)),
        None => build().await,
    }
}

async fn build() -> Result<PathBuf, Failure> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).ok_or("there is no workspace")?;
    let target = format!("{ARCH}-unknown-linux-gnu");
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let packages = ["load", "demo", "operator"].into_iter().flat_map(|package| ["--package", package]);
    let mut command = Command::new(cargo);
    command
        .current_dir(root)
        .env("RUSTFLAGS", "-C target-feature=+crt-static")
        .args(["build", "--profile", "image", "--locked", "--quiet", "--target", &target])
        .args(packages);
    run(&mut command).await?;
    let folder = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    Ok(folder.join(target).join("image"))
}

/// Runs a command to its end and gives what it wrote.
pub(crate) async fn run(command: &mut Command) -> Result<String, Failure> {
    let output = command.stdin(Stdio::null()).output().await?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("{:?}: {}\n{}", command.as_std(), output.status, String::from_utf8_lossy(&output.stderr))
        .into())
}
