//! `cargo xtask bench operator`: how fast the operator switches and goes back, and what it takes, on the cluster that `KUBECONFIG` names.
//!
//! One observer, on one clock, sees what the API server shows. The pods are none: real controllers make them, and they are ready because
//! the bench says so, so that what is measured is the operator and the API server, and not how fast a machine starts containers.

mod exposition;
mod report;
mod rest;
mod switches;

use std::{error::Error, path::PathBuf, process::ExitCode};

use clap::Parser;
use e2e_cluster::{Cluster, Fakes, Operator, Stage, provide};

pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// Measures, prints a table, and ends with 1 if something could not be measured. Goals that are missed are told, not failed.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench operator", max_term_width = 100)]
struct Arguments {
    /// Write the rows to this file, too, as a JSON array.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// How many switches and aborts, of one Service and of three.
    #[arg(long, value_name = "N", default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..=9999))]
    switches: u32,
    /// How many releases there are when memory and requests at rest are looked at.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=9999))]
    releases: u32,
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
    let program = provide().await?;
    let cluster = Cluster::connect().await?;
    cluster.clean().await?;
    let operator = Operator::start(&program, &cluster).await?;
    let measured = rows(arguments, &cluster, &operator).await;
    cluster.clean().await?;
    operator.stop().await?;
    report::tell(&measured?, arguments.json.as_deref())
}

async fn rows(
    arguments: &Arguments,
    cluster: &Cluster,
    operator: &Operator,
) -> Result<Vec<report::Row>, Failure> {
    let stage = Stage::open(cluster, "bench").await?;
    let fakes = Fakes::begin(&stage).await?;
    let mut rows = switches::one(&stage, arguments.switches).await?;
    rows.extend(switches::three(&stage, arguments.switches).await?);
    fakes.end().await?;
    stage.close().await?;
    rows.extend(rest::measure(cluster, operator, arguments.releases).await?);
    Ok(rows)
}
