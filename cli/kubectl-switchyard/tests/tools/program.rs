//! The program itself, by both of its names.

use std::{path::Path, process::Command};

/// What a program writes with these words, without any cluster.
fn run(program: &Path, words: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(program);
    command.args(words).env("KUBECONFIG", "/nowhere/kubeconfig").env_remove("NO_COLOR");
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn plugin() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_kubectl-switchyard"))
}

#[test]
fn help_names_every_verb_and_exit_code() {
    let (code, out, _) = run(plugin(), &["--help"]);
    assert_eq!(code, Some(0));
    for said in
        ["kubectl switchyard", "release", "approve", "explain", "check", "7 somebody else changed the wish"]
    {
        assert!(out.contains(said), "{said} is not in:\n{out}");
    }
}

#[test]
fn what_is_typed_wrongly_is_two_and_no_cluster_is_one() {
    assert_eq!(run(plugin(), &["release", "shop"]).0, Some(2));
    assert_eq!(run(plugin(), &["release", "shop", "no-image"]).0, Some(2));
    let (code, _, err) = run(plugin(), &["get"]);
    assert_eq!(code, Some(1));
    assert!(err.starts_with("error: reading the kubeconfig: "), "{err}");
    assert!(err.ends_with("name one by --kubeconfig or KUBECONFIG, and a --context of it\n"), "{err}");
}

#[cfg(unix)]
#[test]
fn by_its_other_name_it_tells_kubectl_how_a_word_could_end() {
    let folder = tempfile::tempdir().unwrap();
    let completer = folder.path().join(kubectl_switchyard::COMPLETER);
    std::os::unix::fs::symlink(plugin(), &completer).unwrap();
    let (code, out, _) = run(&completer, &["ex"]);
    assert_eq!(code, Some(0));
    assert_eq!(
        out,
        "explain\tTell why it is where it is, by which rule, what comes next, and what can be done\n:4\n"
    );
    // A cluster that is away is no candidate and no error.
    assert_eq!(run(&completer, &["status", ""]), (Some(0), ":4\n".to_owned(), String::new()));
}
