//! The programs that are asked.

use std::{
    ffi::OsStr,
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
};

/// Runs a program, found on the path or where `go install` puts it, and gives it this text.
///
/// # Errors
/// What it says if it fails; or how to get it.
pub(super) fn run<A: AsRef<OsStr>>(
    program: &str,
    arguments: impl IntoIterator<Item = A>,
    input: &str,
) -> Result<String, String> {
    let mut command = Command::new(found(program));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("{program}: {error}; {}", install(program)))?;
    let pipe = child.stdin.take();
    let written = std::thread::scope(|scope| {
        // Beside the reading, so that neither waits for the other.
        scope.spawn(move || pipe.map_or(Ok(()), |mut pipe| pipe.write_all(input.as_bytes())));
        child.wait_with_output()
    });
    let output = written.map_err(|error| format!("{program}: {error}"))?;
    let (said, complained) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.success() {
        Ok(said.into_owned())
    } else {
        Err(format!("{program}: {said}{complained}"))
    }
}

fn found(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let home = std::env::home_dir().map(|home| home.join("go/bin"));
    let installed = std::env::var_os("GOPATH").map(|path| PathBuf::from(path).join("bin"));
    let folders = std::env::split_paths(&path).chain(installed).chain(home);
    let mut places = folders.map(|folder| folder.join(program)).filter(|place| place.is_file());
    places.next().unwrap_or_else(|| PathBuf::from(program))
}

fn install(program: &str) -> &'static str {
    match program {
        "helm" => "go install helm.sh/helm/v3/cmd/helm@v3.22.0",
        "kubeconform" => "go install github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0",
        "promtool" => "apt-get install prometheus",
        _ => "it is not there",
    }
}
