//! Policies that no compiler checks.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Looks at every member of the workspace.
///
/// # Errors
/// Everything that breaks a policy, one line each.
pub(crate) fn run() -> Result<(), Vec<String>> {
    let root = root();
    let mut findings = crate::crds::differences();
    for member in members(&root) {
        findings.extend(manifest(&member));
        for file in sources(&member) {
            findings.extend(source(&file));
            findings.extend(unrepeatable(&file));
        }
    }
    if findings.is_empty() { Ok(()) } else { Err(findings) }
}

/// Where the workspace is.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_owned)
}

fn members(root: &Path) -> Vec<PathBuf> {
    let alone = [
        "bench",
        "bench/mesh",
        "bench/operator",
        "cli",
        "cli/kubectl-switchyard",
        "e2e",
        "e2e/cluster",
        "e2e/load",
        "xtask",
    ];
    let mut members: Vec<_> = alone.iter().map(|member| root.join(member)).collect();
    for folder in ["crates", "services"] {
        members.extend(entries(&root.join(folder)).filter(|path| path.join("Cargo.toml").is_file()));
    }
    members
}

/// Lints and versions are stated once, in the workspace's manifest.
fn manifest(member: &Path) -> Vec<String> {
    let path = member.join("Cargo.toml");
    let text = fs::read_to_string(&path).unwrap_or_default();
    let mut findings = Vec::new();
    if !text.contains("[lints]\nworkspace = true") {
        findings.push(format!("{}: says nothing of `[lints] workspace = true`", path.display()));
    }
    for line in text.lines().filter(|line| line.contains("version = \"")) {
        findings.push(format!("{}: a version of its own: {line}", path.display()));
    }
    findings
}

/// An exception from a lint states its reason and is found out when it is none any more; work that is not done is
/// said in the documents, not in the code.
fn source(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let banned = [concat!("#[al", "low("), concat!("TO", "DO"), concat!("FIX", "ME")];
    let lines = text.lines().enumerate();
    lines
        .filter(|(_, line)| banned.iter().any(|banned| line.contains(banned)))
        .map(|(number, line)| format!("{}:{}: {}", file.display(), number + 1, line.trim()))
        .collect()
}

/// Of branches that are ready at the same time `select!` takes one by chance, unless it is told to take the first: a run of the
/// whole system could not be repeated. Commands may, the services may not.
fn unrepeatable(file: &Path) -> Vec<String> {
    if !file.components().any(|part| part.as_os_str() == "crates" || part.as_os_str() == "services") {
        return vec![];
    }
    let text = fs::read_to_string(file).unwrap_or_default();
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let by_chance = |pair: &[&str]| pair[0].ends_with(concat!("select", "! {")) && pair[1] != "biased;";
    let numbered = lines.windows(2).zip(1..).filter(|(pair, _)| by_chance(pair));
    numbered
        .map(|(_, number)| format!("{}:{number}: `select!` that is not `biased`", file.display()))
        .collect()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in entries(folder) {
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}
