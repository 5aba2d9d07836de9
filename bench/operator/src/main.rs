//! `cargo xtask bench operator`: how fast the operator switches and goes back, and what it takes, on the cluster that `KUBECONFIG` names.
//!
//! One observer, on one clock, sees what the API server shows. The pods are none: real controllers make them, and they are ready because
//! the bench says so, so that what is measured is the operator and the API server, and not how fast a machine starts containers.

mod exposition;
mod many;
mod report;
mod rest;
mod switches;

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Parser, ValueEnum};
use e2e_cluster::{Cluster, Fakes, Operator, Stage, programs, provide};

pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// Measures, prints a table, and ends with 1 if something could not be measured. Goals that are missed are told, not failed.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench operator", max_term_width = 100)]
struct Arguments {
    /// Write the rows to this file, too, as a JSON array.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Measure these alone.
    #[arg(long, value_name = "SECTION", value_enum, value_delimiter = ',', default_values_t = Section::value_variants().to_vec())]
    only: Vec<Section>,
    /// How many switches and aborts, of one Service and of three.
    #[arg(long, value_name = "N", default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..=9999))]
    switches: u32,
    /// How many releases there are when memory and requests at rest are looked at.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=9999))]
    releases: u32,
    /// How many releases an API server in memory holds when memory is looked at again.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=99_999))]
    many: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Section {
    /// Switches and aborts, of one Service and of three.
    Switches,
    /// Memory, requests, and turns that change nothing.
    Rest,
    /// Memory with many releases; needs no cluster.
    Many,
    /// The program's file; needs no cluster.
    Size,
}

#[tokio::main]
#[expect(clippy::print_stderr, reason = "a command's own output")]
async fn main() -> ExitCode {
    match measure(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("bench: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(arguments: &Arguments) -> Result<(), Failure> {
    let chosen = |section: Section| arguments.only.contains(&section);
    let on_a_cluster = chosen(Section::Switches) || chosen(Section::Rest);
    let program = if on_a_cluster { provide().await? } else { programs().await?.join("operator") };
    let mut rows = vec![];
    if chosen(Section::Size) {
        rows.push(size(&program)?);
    }
    if chosen(Section::Many) {
        rows.extend(many::measure(&program, arguments.many).await?);
    }
    if on_a_cluster {
        let cluster = Cluster::connect().await?;
        cluster.clean().await?;
        let operator = Operator::start(&program, &cluster).await?;
        let measured = beside(arguments, &cluster, &operator).await;
        cluster.clean().await?;
        operator.stop().await?;
        rows.extend(measured?);
    }
    report::tell(&rows, arguments.json.as_deref())
}

/// What is measured on a cluster.
async fn beside(
    arguments: &Arguments,
    cluster: &Cluster,
    operator: &Operator,
) -> Result<Vec<report::Row>, Failure> {
    let mut rows = vec![];
    if arguments.only.contains(&Section::Switches) {
        let stage = Stage::open(cluster, "bench").await?;
        let fakes = Fakes::begin(&stage).await?;
        rows.extend(switches::one(&stage, arguments.switches).await?);
        rows.extend(switches::three(&stage, arguments.switches).await?);
        fakes.end().await?;
        stage.close().await?;
    }
    if arguments.only.contains(&Section::Rest) {
        rows.extend(rest::measure(cluster, operator, arguments.releases).await?);
    }
    Ok(rows)
}

/// In the megabytes of 1,000,000 bytes in which images are told.
fn size(program: &Path) -> Result<report::Row, Failure> {
    let kilobytes = u32::try_from(fs::metadata(program)?.len() / 1_000)?;
    Ok(report::Row::new("the program, static, alone in its image", f64::from(kilobytes) / 1_000.0, "MB")
        .at_most(15.0))
}
