//! Types commands, and reads what they write.

use clap::Parser;
use kubectl_switchyard::{Cluster, CommandLine, Console, text::Look};
use test_terminal::{Ended, Terminal};

/// Runs `kubectl switchyard` with these words.
pub(crate) async fn typed(cluster: &Cluster, words: &str) -> Ended {
    let terminal = Terminal::default();
    let code = Box::pin(line(words).run_on(cluster, &console(&terminal))).await;
    terminal.ended(code)
}

/// Runs what ends only when somebody ends it, until it has written this.
pub(crate) async fn watched(cluster: &Cluster, words: &str, until: &str) -> String {
    let terminal = Terminal::default();
    followed(cluster, words, &terminal, terminal.out.until(until)).await
}

/// The same, until it has noted this beside its results.
pub(crate) async fn noted(cluster: &Cluster, words: &str, until: &str) -> String {
    let terminal = Terminal::default();
    followed(cluster, words, &terminal, terminal.err.until(until)).await
}

async fn followed(
    cluster: &Cluster,
    words: &str,
    terminal: &Terminal,
    until: impl Future<Output = String>,
) -> String {
    let console = console(terminal);
    tokio::select! {
        code = line(words).run_on(cluster, &console) => panic!("{:?}", terminal.ended(code)),
        written = until => written,
    }
}

fn line(words: &str) -> CommandLine {
    CommandLine::try_parse_from(["kubectl-switchyard"].into_iter().chain(words.split(' '))).unwrap()
}

fn console(terminal: &Terminal) -> Console {
    Console::new(terminal.out.clone(), terminal.err.clone(), false, Look::PLAIN)
}
