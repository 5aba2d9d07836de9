//! `cargo xtask bench`: what the system can carry, beside what this machine could at most, measured in the same run.
//!
//! The system under test is the real one: the program `switchyard` of the same build, which stands beside this one, in
//! processes of its own; only one service's command, the event store and the service `views` are called within this process. Everything is
//! measured in rounds that take turns, and what is told are medians: a machine that is slower for a while is so for both sides of a ratio.

mod figures;
mod report;

mod program;
mod scrape;

mod model;
mod past;
mod tables;

mod long;
mod orders;
mod rebuild;
mod reserve;
mod size;
mod store;
mod telemetry;

mod availability;
mod embedded;

use std::{error::Error, path::PathBuf, process::ExitCode};

use clap::Parser;

/// The one of the program under test, for what is called within this process.
#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Why something could not be measured.
type Failure = Box<dyn Error + Send + Sync>;

/// Measures, prints a table, and ends with 1 if something could not be measured. Goals that are missed are told, not failed.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench", max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// The system in one process: a command, the event store, a rebuild, orders in every style, what telemetry costs, and sizes.
    Embedded(embedded::Options),
    /// What each style can still do while one of its services is away; takes a minute, whatever the machine.
    Availability {
        /// Write the rows to this file, too, as a JSON array.
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
    },
}

#[expect(clippy::print_stderr, reason = "a command's own output")]
fn main() -> ExitCode {
    let measured = match Arguments::parse().what {
        What::Embedded(options) => embedded(&options),
        What::Availability { json } => availability::run(json.as_deref()),
    };
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("bench: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn embedded(options: &embedded::Options) -> Result<(), Failure> {
    tokio::runtime::Runtime::new()?.block_on(embedded::run(options))
}
