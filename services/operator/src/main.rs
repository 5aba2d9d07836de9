//! The operator, for one cluster or for one namespace.

use std::process::ExitCode;

use clap::Parser;
use operator::{Clock, Config, Operator, Options, client, lease};
use tokio::signal::unix::{SignalKind, signal};
use tracing::{error, info};
use tracing_subscriber::EnvFilter;

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    let config = Config::parse();
    tracing_subscriber::fmt().with_env_filter(filter(&config.log_level)).with_writer(std::io::stderr).init();
    match run(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(config: Config) -> Result<(), Box<dyn std::error::Error>> {
    let clock = Clock::system();
    let kubeconfig = kube::Config::infer().await?;
    let lease = lease::Options {
        namespace: config.lease_namespace.clone().unwrap_or_else(|| kubeconfig.default_namespace.clone()),
        name: config.lease_name.clone(),
        identity: identity(&config.identity, &clock),
        duration: config.lease_duration(),
    };
    let client = client::connect(kubeconfig)?;
    let options = Options { namespace: config.namespace, color_label: config.color_label, lease };
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = async move {
        tokio::select! {
            biased;
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    info!(identity = options.lease.identity, "starts");
    Operator::new(client, options, clock).run(stop).await;
    Ok(())
}

/// No two processes ever have the same.
fn identity(name: &str, clock: &Clock) -> String {
    format!("{name}_{}_{}", std::process::id(), clock.now().as_millis())
}

/// What the client says of each failed request is said better by whoever has sent it.
fn filter(level: &str) -> EnvFilter {
    EnvFilter::new(format!("kube_client=off,tower=warn,{level}"))
}
