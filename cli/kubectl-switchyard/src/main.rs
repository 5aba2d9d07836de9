//! `kubectl switchyard`, and by its other name `kubectl_complete-switchyard` what kubectl asks for completions.

use std::{env, path::Path, process::ExitCode};

use clap::Parser;
use kubectl_switchyard::{COMPLETER, CommandLine, Console, complete};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut arguments = env::args();
    let program = arguments.next().unwrap_or_default();
    if Path::new(&program).file_stem().is_some_and(|name| name == COMPLETER) {
        return complete(&arguments.collect::<Vec<_>>(), &Console::system()).await;
    }
    CommandLine::parse().run(&Console::system()).await
}
