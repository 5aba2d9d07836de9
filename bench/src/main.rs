//! `cargo xtask bench`: what the system can carry, beside what this machine could at most, measured in the same run.
//!
//! The system under test is the real one: the program `switchyard` of the same build, which stands beside this one, in
//! processes of its own; only the one service's command is called within this process. Everything is measured in rounds that
//! take turns, and what is told are medians: a machine that is slower for a while is so for both sides of a ratio.

mod figures;
mod report;

mod program;
mod scrape;

mod model;

mod orders;
mod reserve;
mod size;
mod telemetry;

mod availability;
mod embedded;

use std::{
    error::Error,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Parser;
use contracts::Style;

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
    /// The system in one process: a command, orders in every style, sizes, and what telemetry costs.
    Embedded {
        /// Write the rows to this file, too, as a JSON array.
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
        /// The styles to measure orders in, separated by commas.
        #[arg(long, value_delimiter = ',', default_values_t = Style::ALL)]
        styles: Vec<Style>,
        /// How many rounds; what is told is their median.
        #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=99))]
        rounds: u32,
        /// Look as well how memory and files grow from the 10,000th order to the 100,000th, which takes some minutes.
        #[arg(long)]
        long: bool,
    },
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
        What::Embedded { json, styles, rounds, long } => {
            embedded(&styles, rounds as usize, long, json.as_deref())
        }
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

fn embedded(styles: &[Style], rounds: usize, long: bool, json: Option<&Path>) -> Result<(), Failure> {
    tokio::runtime::Runtime::new()?.block_on(embedded::run(styles, rounds, long, json))
}
