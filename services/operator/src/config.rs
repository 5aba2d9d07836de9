//! What whoever starts the operator can set, by flags or by the environment.

use std::{net::SocketAddr, time::Duration};

use clap::{Parser, ValueEnum};

use crate::{
    gates::GateHosts,
    news::Webhook,
    telemetry::{Collector, LogFormat},
};

/// Makes true what BlueGreen objects wish for.
#[derive(Clone, Debug, Parser)]
#[command(name = "operator", version)]
pub struct Config {
    /// Only this namespace; every one if nothing is said.
    #[arg(long, env = "SWITCHYARD_NAMESPACE")]
    pub namespace: Option<String>,

    /// The label, on pods and in Services' selectors, whose value is a colour.
    #[arg(long, env = "SWITCHYARD_COLOR_LABEL", default_value = "switchyard.dev/color")]
    pub color_label: String,

    /// Hosts besides the pods themselves that gates may ask, separated by commas.
    #[arg(long, env = "SWITCHYARD_GATE_HOSTS", default_value = "", hide_default_value = true)]
    pub gate_hosts: GateHosts,

    /// How pods are reached: by their address, or through the API server, which works from outside of a cluster too.
    #[arg(long, env = "SWITCHYARD_PODS_VIA", value_enum, default_value_t = PodsVia::Direct)]
    pub pods_via: PodsVia,

    /// The name of the lease by which one of several operators leads.
    #[arg(long, env = "SWITCHYARD_LEASE_NAME", default_value = "switchyard-operator")]
    pub lease_name: String,

    /// The namespace of the lease; where the operator runs, or that of the kubeconfig, if nothing is said.
    #[arg(long, env = "POD_NAMESPACE")]
    pub lease_namespace: Option<String>,

    /// For how long the lease is taken with each renewal, in seconds. It is renewed three times as often.
    #[arg(long, env = "SWITCHYARD_LEASE_SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u16).range(3..=600))]
    pub lease_seconds: u16,

    /// Who this is among several; the number of the process and the time of its start are added.
    #[arg(long, env = "POD_NAME", default_value = "operator")]
    pub identity: String,

    /// Where health and metrics are served.
    #[arg(long, env = "SWITCHYARD_LISTEN", default_value = "0.0.0.0:8080")]
    pub listen: SocketAddr,

    /// Where each transition of a release is posted, as JSON.
    #[arg(long, env = "SWITCHYARD_WEBHOOK_URL", hide_env_values = true)]
    pub webhook_url: Option<Webhook>,

    /// Where traces go: a collector that takes OTLP over HTTP, such as `http://collector:4318`.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub otlp_endpoint: Option<Collector>,

    /// How log lines look: as text on a terminal and as JSON elsewhere, if nothing is said.
    #[arg(long, env = "LOG_FORMAT", value_enum)]
    pub log_format: Option<LogFormat>,

    /// What is logged, as `tracing` filters it.
    #[arg(long, env = "LOG_LEVEL", default_value = "info")]
    pub log_level: String,
}

/// How pods are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PodsVia {
    /// By their address.
    Direct,
    /// Through the API server.
    Api,
}

impl Config {
    /// For how long the lease is taken with each renewal.
    #[must_use]
    pub fn lease_duration(&self) -> Duration {
        Duration::from_secs(self.lease_seconds.into())
    }
}
