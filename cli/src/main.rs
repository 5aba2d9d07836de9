//! The `switchyard` command.

use std::process::ExitCode;

use chassis::platform::Platform;
use clap::Parser;
use switchyard::{BUILD, CommandLine, console::Console};

/// For SQLite's pieces as well as Rust's; how it is told to keep little of what is freed stands in `.cargo/config.toml`.
#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let platform = Platform { build: BUILD, ..Platform::system() };
    CommandLine::parse().run(&platform, &Console::system()).await
}
