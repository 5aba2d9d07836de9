//! The `switchyard` command.

use std::process::ExitCode;

use chassis::platform::Platform;
use clap::Parser;
use switchyard::{BUILD, CommandLine, console::Console};

/// Many small pieces are allocated on one thread and freed on another, as a work goes from a request to the store's thread
/// and its answer back: that is where the C library's allocator is slow.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let platform = Platform { build: BUILD, ..Platform::system() };
    CommandLine::parse().run(&platform, &Console::system()).await
}
