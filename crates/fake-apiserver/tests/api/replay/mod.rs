//! The fake server against the real one: the same requests, in order, and the same answers.
//!
//! `tests/transcripts` has the requests, and to each what a Kubernetes 1.34 answered. Here they are played to the fake server; `just replay` plays them
//! to the server that `KUBECONFIG` names, and with `UPDATE=1` writes down what it answers.

mod canonical;
mod play;
mod stage;
mod transcript;

use std::{fs, path::PathBuf};

use self::{
    play::play,
    stage::{Fake, Real},
    transcript::Transcript,
};

/// The transcripts by name.
fn transcripts() -> Vec<(String, PathBuf)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/transcripts");
    let mut found: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found.into_iter().map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), path)).collect()
}

/// Where the answers of this transcript differ from those that stand there.
fn differences(name: &str, recorded: &Transcript, played: &Transcript) -> Vec<String> {
    let pairs = recorded.exchanges.iter().zip(&played.exchanges);
    let differing = pairs.filter(|(recorded, played)| recorded.answer != played.answer);
    let lines = |answer: &[String]| answer.join("\n    ");
    differing
        .map(|(recorded, played)| {
            let (said, says) = (lines(&recorded.answer), lines(&played.answer));
            format!("{name}: {}\n  recorded\n    {said}\n  and now\n    {says}", recorded.asked())
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn the_fake_server_answers_as_the_real_one_did() {
    let mut found = vec![];
    for (name, path) in transcripts() {
        let recorded = Transcript::read(&fs::read_to_string(path).unwrap());
        assert!(
            recorded.exchanges.iter().all(|one| !one.answer.is_empty()),
            "{name} has requests without answers"
        );
        found.extend(differences(&name, &recorded, &play(&recorded, &Fake::new()).await));
    }
    assert!(found.is_empty(), "{} answers differ\n{}", found.len(), found.join("\n"));
}

#[test]
fn a_transcript_is_written_as_it_was_read() {
    for (_, path) in transcripts() {
        let text = fs::read_to_string(path).unwrap();
        assert_eq!(Transcript::read(&text).to_string(), text);
    }
}

#[tokio::test]
#[ignore = "needs a Kubernetes of at least ten minutes' age that has this project's CRD, and KUBECONFIG that names it"]
async fn replay_to_the_real_server() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut found = vec![];
    for (name, path) in transcripts() {
        let recorded = Transcript::read(&fs::read_to_string(&path).unwrap());
        let stage = Real::new(&name).await;
        let played = play(&recorded, &stage).await;
        stage.leave().await;
        if update {
            fs::write(path, played.to_string()).unwrap();
        } else {
            found.extend(differences(&name, &recorded, &played));
        }
    }
    assert!(found.is_empty(), "{} answers differ\n{}", found.len(), found.join("\n"));
}
