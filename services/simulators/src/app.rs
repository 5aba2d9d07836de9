//! The one place where the parts are put together.

use std::net::SocketAddr;

use axum::Router;
use chassis::{
    admin::Admin,
    platform::Platform,
    service::{self, Service},
    shutdown::Stopped,
    telemetry::LogHandle,
};

use crate::{
    SCHEMAS,
    config::Config,
    http::{admin, carrier, mail, payment},
    simulator::Simulators,
};

/// The simulators, serving.
#[derive(Debug)]
pub struct App {
    service: Service,
    address: SocketAddr,
}

impl App {
    /// Starts the simulators; it blocks while the ledger is opened.
    ///
    /// # Errors
    /// If the ledger cannot be opened, or the port is taken.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn build(config: &Config, platform: &Platform) -> Result<Self, service::Error> {
        let mut service = Service::new("simulators", &config.style, platform, config.limits.clone())?;
        let store = service.open(&config.database, SCHEMAS)?;

        // Requests that are held end when the server is to stop, which otherwise would wait for them.
        let simulators = Simulators::new(&store, &service.serving());
        service.merge_admin(admin::routes(simulators.clone()));
        let Simulators { payment, carrier, mail } = simulators;
        let routes = [payment::routes(payment), carrier::routes(carrier), mail::routes(mail)];
        let address = service.serve(routes.into_iter().fold(Router::new(), Router::merge), config.listen)?;
        Ok(Self { service, address })
    }

    /// Where the three APIs are served.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What they show on the admin port of a process that runs many Apps.
    #[must_use]
    pub fn admin(&self) -> Admin {
        self.service.admin()
    }

    /// Serves an admin port of their own; tells where.
    ///
    /// # Errors
    /// The port is taken.
    pub fn serve_admin(&mut self, address: SocketAddr, log: LogHandle) -> Result<SocketAddr, service::Error> {
        self.service.serve_admin(address, log)
    }

    /// Serves until `signal`, then finishes the requests in flight, lets go of those that are held, and closes the ledger.
    pub async fn run_until(self, signal: impl Future<Output = ()>) -> Stopped {
        self.service.run_until(signal).await
    }
}
