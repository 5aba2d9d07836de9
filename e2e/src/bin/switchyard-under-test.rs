//! The `switchyard` command; with `STORAGE=unsynced`, on storage that loses what was not synced when it is killed.

use std::process::ExitCode;

use chassis::platform::Platform;
use clap::Parser;
use switchyard::{CommandLine, console::Console};
use test_support::unsynced;

#[tokio::main]
async fn main() -> ExitCode {
    if std::env::var_os("STORAGE").is_some_and(|storage| storage == "unsynced") {
        unsynced::install();
    }
    CommandLine::parse().run(&Platform::system(), &Console::system()).await
}
