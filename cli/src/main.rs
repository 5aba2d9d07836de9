//! The `switchyard` command.

use std::process::ExitCode;

use chassis::platform::Platform;
use clap::Parser;
use switchyard::{BUILD, CommandLine, console::Console};

#[tokio::main]
async fn main() -> ExitCode {
    let platform = Platform { build: BUILD, ..Platform::system() };
    CommandLine::parse().run(&platform, &Console::system()).await
}
