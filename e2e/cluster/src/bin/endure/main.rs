//! `endure`: what takes longer than a test may, on the cluster that `KUBECONFIG` names.

mod churn;
mod progress;
mod under_load;
mod without_kubelet;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use e2e_cluster::{Cluster, Failure, Operator, provide};
use tokio::signal::unix::{SignalKind, signal};

/// Switchovers by the thousand. What was shown is kept in a file after every round, and the next run goes on from there.
#[derive(Debug, Parser)]
#[command(name = "endure", max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    what: What,
    /// Where it is kept what was shown so far.
    #[arg(long, global = true, value_name = "FOLDER", default_value = "target/endure")]
    progress: PathBuf,
    /// Forget what was shown so far.
    #[arg(long, global = true)]
    anew: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Ten releases side by side at 500 requests/s: no request fails, none is answered by the old side.
    UnderLoad {
        /// How many, in rounds of a hundred.
        #[arg(long, value_name = "N", default_value_t = 1_000)]
        switchovers: u32,
    },
    /// Ten releases side by side, whose pods are none: no Service is ever without an endpoint, or points anywhere but where it was told to.
    WithoutKubelet {
        /// How many, in rounds of five hundred.
        #[arg(long, value_name = "N", default_value_t = 10_000)]
        switchovers: u32,
    },
    /// Releases whose pods are none, all of them changed all the time: the operator's memory stays level.
    Churn {
        /// How long.
        #[arg(long = "for", value_name = "DURATION", default_value = "1h")]
        length: humantime::Duration,
        /// How many releases.
        #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=9999))]
        releases: u32,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say(&format!("endure: {failure}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let program = provide().await?;
    let cluster = Cluster::connect().await?;
    cluster.clean().await?;
    let operator = Operator::start(&program, &cluster).await?;
    let outcome = tokio::select! {
        biased;
        outcome = play(arguments, &cluster, &operator) => outcome,
        signal = interrupted() => Err(signal?.into()),
    };
    cluster.clean().await?;
    operator.stop().await?;
    outcome
}

/// Until somebody wants it to end.
async fn interrupted() -> std::io::Result<&'static str> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        biased;
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok("interrupted; the next run goes on from the last round")
}

async fn play(arguments: &Arguments, cluster: &Cluster, operator: &Operator) -> Result<(), Failure> {
    let progress = |name: &str| progress::Progress::read(&arguments.progress, name, arguments.anew);
    match arguments.what {
        What::UnderLoad { switchovers } => {
            under_load::endure(cluster, progress("under-load")?, switchovers).await
        }
        What::WithoutKubelet { switchovers } => {
            without_kubelet::endure(cluster, progress("without-kubelet")?, switchovers).await
        }
        What::Churn { length, releases } => churn::endure(cluster, operator, length.into(), releases).await,
    }
}

#[expect(clippy::print_stderr, reason = "a command's own output")]
fn say(what: &str) {
    eprintln!("{what}");
}
