//! The `switchyard` command.

use std::process::ExitCode;

use chassis::platform::Platform;
use clap::Parser;
use switchyard::{CommandLine, console::Console};

#[tokio::main]
async fn main() -> ExitCode {
    CommandLine::parse().run(&Platform::system(), &Console::system()).await
}
