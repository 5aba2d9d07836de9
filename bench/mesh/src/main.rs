//! `cargo xtask bench mesh`: what the layers of `mesh` cost, and what others' do.
//!
//! Everything is measured in rounds that take turns, each beside the bare inner service, which is pending once and then ready.
//! What is told of a layer is the median of the differences to that, and the spread of its middle half: a machine that is slower for a while is
//! so for all.

mod allocations;
mod balance;
mod breakers;
mod compare;
mod deadlines;
mod discovery;
mod guard;
mod limits;
mod loopback;
mod measure;
mod rate_limits;
mod report;
mod retries;
mod stacks;

use std::{error::Error, path::PathBuf, process::ExitCode};

use clap::Parser;

use self::compare::Section;

#[global_allocator]
static ALLOCATOR: allocations::Counting = allocations::Counting;

pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// Measures, prints a table, and ends with 1 if something could not be measured. Goals that are missed are told, not failed.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench mesh", max_term_width = 100)]
struct Arguments {
    /// Write the rows to this file, too, as a JSON array.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// How many rounds; what is told is their median.
    #[arg(long, value_name = "N", default_value_t = 21, value_parser = clap::value_parser!(u32).range(1..=999))]
    rounds: u32,
    /// How many calls of each kind in a round.
    #[arg(long, value_name = "N", default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(1..))]
    calls: u32,
    /// Only the sections that have this in their title.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
}

#[expect(clippy::print_stderr, reason = "a command's own output")]
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if guard::test_util_is_on() {
        eprintln!(
            "bench: tokio was built with `test-util`, whose clock takes a lock; build this package alone"
        );
        return ExitCode::FAILURE;
    }
    let measured = sections(&arguments)
        .map(|sections| compare::measure(sections, arguments.rounds, arguments.calls))
        .and_then(|tables| report::tell(tables, arguments.json.as_deref()));
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("bench: {failure}");
            ExitCode::FAILURE
        }
    }
}

impl Arguments {
    fn wants(&self, title: &str) -> bool {
        self.only.as_ref().is_none_or(|only| title.contains(only))
    }
}

fn sections(arguments: &Arguments) -> Result<Vec<Section>, Failure> {
    let mut sections = layers(arguments.rounds)?;
    sections.retain(|section| arguments.wants(section.title));
    if arguments.wants(loopback::TITLE) {
        sections.push(loopback::section(arguments.json.as_deref())?);
    }
    Ok(sections)
}

fn layers(rounds: u32) -> Result<Vec<Section>, Failure> {
    Ok(vec![
        Section::new("Circuit breakers, closed", breakers::candidates()?),
        Section::new("Limits, with room to spare", limits::candidates()?),
        Section {
            rows: vec![balance::changes(rounds)?],
            ..Section::new("Balancing over endpoints that are well", balance::candidates()?)
        },
        Section::new("Rate limits, all passing", rate_limits::candidates()?),
        Section::new("Deadlines and time-outs", deadlines::candidates()?),
        Section::new("Retries and hedges, nothing to do", retries::candidates()?),
        Section::new("Stacks", stacks::candidates()?),
        discovery::section()?,
    ])
}
