//! `switchyard up`: the whole system in one process.

mod directory;
mod ports;
mod system;

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, time::Duration};

use chassis::{
    admin, limits::Limits, platform::Platform, retention::Retention, server::Server, service::Running,
    shutdown, telemetry,
};
use contracts::style::Style;
use directory::DataDirectory;
use futures_util::future::{join_all, try_join_all};
use ports::Ports;
use system::System;
use tokio::task::JoinSet;

use crate::{BUILD, demo::Demo, durations::rate};

pub use system::openapi;

/// How long an orderly stop may take before what is left is given up.
const GRACE: Duration = Duration::from_secs(30);

/// The name under which the process holds its leases: the lock on the data directory sees to it that there is one.
const INSTANCE: &str = "up";

/// What `up` can be told.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The styles to run, separated by commas.
    #[arg(long, value_delimiter = ',', default_values_t = Style::ALL)]
    pub styles: Vec<Style>,

    /// The style whose API is served under /v1 as well.
    #[arg(long, value_name = "STYLE")]
    pub default_style: Option<Style>,

    /// Where everything is kept.
    #[arg(long, value_name = "DIR", default_value = "switchyard-data")]
    pub data_dir: PathBuf,

    /// The gateway's port on 127.0.0.1.
    #[arg(long, default_value_t = 8080)]
    pub port: u16,

    /// The admin port on 127.0.0.1.
    #[arg(long, default_value_t = 8081)]
    pub admin_port: u16,

    /// Keep everything in a temporary directory, which is removed at the end; as durable as ever while it runs.
    #[arg(long, conflicts_with = "data_dir")]
    pub ephemeral: bool,

    /// Open a small shop in every style, whose orders end in every way that there is, so that there is something to see. It goes on
    /// until Ctrl-C, and where it was at the next start.
    #[arg(long)]
    pub demo: bool,

    /// With --demo: orders per second in each style.
    #[arg(long, value_name = "R", default_value_t = 3.0, value_parser = rate, requires = "demo")]
    pub demo_rate: f64,
}

/// Why the system did not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The data directory cannot be used.
    #[error(transparent)]
    Directory(#[from] directory::Error),
    /// A port is taken.
    #[error("port {port} on 127.0.0.1 is in use; choose another with --{flag}")]
    PortInUse {
        /// Which one.
        port: u16,
        /// What chooses another.
        flag: &'static str,
    },
    /// A port cannot be listened on for another reason.
    #[error("listening on 127.0.0.1:{port}")]
    Listen {
        /// Which one.
        port: u16,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The default style is none of those that run.
    #[error("the default style `{0}` is not among --styles")]
    DefaultStyle(Style),
    /// A service cannot start.
    #[error("starting `{service}` in the style `{style}`")]
    Service {
        /// Which service.
        service: &'static str,
        /// In which style.
        style: Style,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The gateway cannot start.
    #[error("starting the gateway")]
    Gateway(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What the system runs on: the real thing, under the name by which it holds its leases.
#[must_use]
pub fn platform() -> Platform {
    Platform { build: BUILD, ..Platform::system() }.named(INSTANCE)
}

/// Runs the system, which keeps things for as long as `retention` says, until Ctrl-C or SIGTERM, then drains it.
///
/// # Errors
/// Why it did not start; nothing is left running then.
pub async fn run(
    args: Args,
    retention: Retention,
    platform: Platform,
    log: telemetry::LogHandle,
) -> Result<ExitCode, Error> {
    let up = Up::start(&args, retention, platform, log).await?;
    up.announce();
    shutdown::shutdown_signal().await;
    say("stopping");
    up.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// The running system. Dropped instead of [stopped](Self::stop) it ends as in a crash: all at once, where it is.
pub struct Up {
    gateway: SocketAddr,
    systems: Vec<System>,
    gateway_app: Running,
    admin: JoinSet<()>,
    admin_stop: shutdown::Trigger,
    default_style: Style,
    demo: Option<Demo>,
    // Unlocked, and removed if it is temporary, when everything else is closed.
    directory: DataDirectory,
}

impl Up {
    /// Starts every service of every style, in the order in which they need each other, and the gateway last.
    ///
    /// # Errors
    /// Why it did not start.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub async fn start(
        args: &Args,
        retention: Retention,
        platform: Platform,
        log: telemetry::LogHandle,
    ) -> Result<Self, Error> {
        let styles = distinct(&args.styles);
        let default_style = default_style(args.default_style, &styles)?;

        // What another `up` may have is taken first: nothing is touched if it does.
        let ports = Ports::take(&platform.network, args.port, args.admin_port)?;
        let directory =
            if args.ephemeral { DataDirectory::temporary()? } else { DataDirectory::at(&args.data_dir)? };

        let start =
            |style: Style| System::start(style, directory.path().join(style.as_str()), retention, &platform);
        let systems = try_join_all(styles.into_iter().map(start)).await?;
        let endpoints = systems.iter().map(|system| Ok((system.style().to_string(), system.endpoints()?)));
        let endpoints = endpoints.collect::<Result<_, Error>>()?;
        let config = gateway::Config {
            styles: endpoints,
            default_style: default_style.to_string(),
            listen: ports.gateway,
            timeout: gateway::Config::TIMEOUT,
            part_timeout: gateway::Config::PART_TIMEOUT,
            limits: Limits::default(),
        };
        let gateway_app = gateway::App::build(&config, openapi(), &platform)
            .map_err(|source| Error::Gateway(source.into()))?;

        let admins = systems.iter().flat_map(System::admins).chain([gateway_app.admin()]).collect();
        let router = admin::union(admins, platform.build, log);
        let (admin_stop, drain) = shutdown::drain();
        let listener = platform.network.listen(ports.admin);
        let listener = listener.map_err(|source| Error::Listen { port: ports.admin.port(), source })?;
        let mut admin = JoinSet::new();
        admin.spawn(Server::new(router, listener, Limits::default()).run(drain));
        let demo = args.demo.then(|| {
            let styles = systems.iter().map(System::style);
            Demo::start(&platform, styles, (ports.gateway, ports.admin), args.demo_rate)
        });
        let gateway = ports.gateway;
        Ok(Self { gateway, systems, gateway_app, admin, admin_stop, default_style, demo, directory })
    }

    /// Takes a service of a style away, in order, while the others go on. Tells whether it was there. What the admin port tells
    /// of it stays as it was at the end.
    pub async fn take_away(&mut self, style: Style, service: &str) -> bool {
        match self.systems.iter_mut().find(|system| system.style() == style) {
            Some(system) => system.take_away(service).await,
            None => false,
        }
    }

    /// Starts a service again that was taken away.
    ///
    /// # Errors
    /// Why it did not start.
    pub fn bring_back(&mut self, style: Style, service: &str) -> Result<(), Error> {
        match self.systems.iter_mut().find(|system| system.style() == style) {
            Some(system) => system.bring_back(service),
            None => Ok(()),
        }
    }

    /// Says where everything is, `ready` last.
    fn announce(&self) {
        for system in &self.systems {
            let (style, gateway) = (system.style(), self.gateway);
            let default =
                if style == self.default_style { format!(" and http://{gateway}/v1") } else { String::new() };
            say(&format!("{style:<16} http://{gateway}/{style}/v1{default}"));
        }
        say("ready");
    }

    /// Stops in order: the demo sends nothing more, the gateway takes nothing more and finishes what it has, then every service does, then the
    /// databases are closed.
    pub async fn stop(mut self) {
        let stop = async {
            if let Some(demo) = self.demo {
                demo.stop().await;
            }
            self.gateway_app.run_until(std::future::ready(())).await;
            join_all(self.systems.into_iter().map(System::stop)).await;
            self.admin_stop.drain();
            while self.admin.join_next().await.is_some() {}
        };
        if tokio::time::timeout(GRACE, stop).await.is_err() {
            tracing::warn!("not everything stopped in time; what was not finished goes on at the next start");
        }
        drop(self.directory);
    }
}

fn distinct(styles: &[Style]) -> Vec<Style> {
    let mut distinct = Vec::new();
    for style in styles {
        if !distinct.contains(style) {
            distinct.push(*style);
        }
    }
    distinct
}

fn default_style(wanted: Option<Style>, styles: &[Style]) -> Result<Style, Error> {
    match wanted {
        Some(style) if styles.contains(&style) => Ok(style),
        Some(style) => Err(Error::DefaultStyle(style)),
        None if styles.contains(&Style::Rest) => Ok(Style::Rest),
        None => Ok(styles.first().copied().unwrap_or(Style::Rest)),
    }
}

/// A line for whoever started the process: standard output is what scripts wait on.
#[expect(clippy::print_stdout, reason = "the command's own output")]
fn say(line: &str) {
    println!("{line}");
}
