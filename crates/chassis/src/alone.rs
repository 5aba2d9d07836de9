//! A service that is alone in its process: in a pod, or started by hand.

use std::{
    error::Error as StdError,
    fmt::Debug,
    io::{self, Write},
    net::{Ipv4Addr, SocketAddr},
    process::ExitCode,
    str::FromStr,
};

use contracts::{Style, style::UnknownStyle};

use crate::{
    config::Env,
    platform::Platform,
    problem::chain,
    service::Running,
    shutdown::shutdown_signal,
    telemetry::{self, Logging},
    traces::{self, Traces},
};

/// The `main` of a service that is alone in its process: told by the environment, stopped by SIGTERM or Ctrl-C. Its admin port
/// is `ADMIN_LISTEN`, on 127.0.0.1 and `admin_port` unless told otherwise. Every bad variable is named before anything starts; what
/// keeps it from starting is told on standard error, and ends the process with 2.
pub async fn main<C, E>(
    name: &'static str,
    admin_port: u16,
    configure: impl FnOnce(&mut Env) -> C,
    build: impl FnOnce(&C, &Platform) -> Result<Running, E>,
) -> ExitCode
where
    C: Debug,
    E: Into<Box<dyn StdError>>,
{
    match serve_alone(name, admin_port, configure, build).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Not a log line: logging may be what could not start. Without standard error nobody can be told.
            let _ = writeln!(io::stderr(), "{name}: {}", chain(&*error));
            ExitCode::from(2)
        }
    }
}

async fn serve_alone<C, E>(
    name: &'static str,
    admin_port: u16,
    configure: impl FnOnce(&mut Env) -> C,
    build: impl FnOnce(&C, &Platform) -> Result<Running, E>,
) -> Result<(), Box<dyn StdError>>
where
    C: Debug,
    E: Into<Box<dyn StdError>>,
{
    let mut env = Env::process();
    let logging = Logging::from_env(&mut env);
    let traces = traces::Config::from_env(&mut env);
    let config = configure(&mut env);
    let admin = env.or("ADMIN_LISTEN", SocketAddr::from((Ipv4Addr::LOCALHOST, admin_port)));
    env.finish()?;

    let platform = Platform::system();
    let traces = Traces::start(name, traces, &platform);
    let log = telemetry::init(name, &logging, &traces)?;
    tracing::info!(?config, "starting `{name}`");
    let mut app = build(&config, &platform.recording(&traces)).map_err(Into::into)?;
    app.serve_admin(admin, log)?;
    tracing::info!(http.address = %app.address(), "serving");
    app.run_until(shutdown_signal()).await;
    traces.stop().await;
    Ok(())
}

/// A style that a service can run in when it is alone: one that reaches the others by their addresses. The broker that comes with
/// this project lives inside one process, hence two processes cannot share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByAddress;

/// Why a service cannot run alone in a style.
#[derive(Debug, thiserror::Error)]
pub enum NotAlone {
    /// There is no such style.
    #[error(transparent)]
    Unknown(#[from] UnknownStyle),
    /// It needs a broker that processes can share.
    #[error(
        "a service alone has no broker to share with the others; run `switchyard up` for the style `{0}`"
    )]
    NoBroker(Style),
}

impl FromStr for ByAddress {
    type Err = NotAlone;

    fn from_str(name: &str) -> Result<Self, NotAlone> {
        match name.parse()? {
            Style::Rest => Ok(Self),
            style => Err(NotAlone::NoBroker(style)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_alone_says_why_it_cannot_run_in_a_style_that_needs_a_shared_broker() {
        let error = "messaging".parse::<ByAddress>().unwrap_err().to_string();
        assert!(error.contains("switchyard up"), "{error}");
        assert!("rest".parse::<ByAddress>().is_ok());
        assert!(matches!("soap".parse::<ByAddress>(), Err(NotAlone::Unknown(_))));
    }
}
