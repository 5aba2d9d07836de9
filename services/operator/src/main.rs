//! The operator, for one cluster or for one namespace.

use std::{net::SocketAddr, process::ExitCode};

use clap::Parser;
use operator::{Clock, Config, Operator, Options, client, lease, metrics::Metrics, telemetry};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tracing::{error, info};

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    let config = Config::parse();
    let format = config.log_format.unwrap_or_else(telemetry::LogFormat::detect);
    if let Err(error) = telemetry::init(format, &config.log_level) {
        return fails(&*error);
    }
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
    let metrics = Metrics::new()?;
    let client = client::connect(kubeconfig, &metrics.requests())?;
    let listener = listen(config.listen)?;
    let options = Options {
        namespace: config.namespace,
        color_label: config.color_label,
        pods_via: config.pods_via,
        gate_hosts: config.gate_hosts,
        lease,
        metrics,
        webhook: config.webhook_url,
        collector: config.otlp_endpoint,
    };
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = async move {
        tokio::select! {
            biased;
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    info!(identity = options.lease.identity, "starts");
    Operator::new(client, options, clock).serving(listener).run(stop).await;
    Ok(())
}

/// No two processes ever have the same.
fn identity(name: &str, clock: &Clock) -> String {
    format!("{name}_{}_{}", std::process::id(), clock.now().as_millis())
}

fn listen(address: SocketAddr) -> Result<TcpListener, String> {
    let bound = std::net::TcpListener::bind(address).and_then(|listener| {
        listener.set_nonblocking(true)?;
        TcpListener::from_std(listener)
    });
    bound.map_err(|error| format!("listening on {address}: {error}"))
}

#[expect(clippy::print_stderr, reason = "there is no log yet")]
fn fails(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("{error}");
    ExitCode::FAILURE
}
