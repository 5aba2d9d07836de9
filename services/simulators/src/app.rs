//! The one place where the parts are put together.

use axum::Router;
use chassis::{
    platform::Platform,
    service::{self, Running, Service},
};

use crate::{
    SCHEMAS,
    config::Config,
    http::{admin, carrier, mail, payment},
    simulator::Simulators,
};

/// The simulators, serving.
pub struct App;

impl App {
    /// Starts the simulators; it blocks while the ledger is opened.
    ///
    /// # Errors
    /// If the ledger cannot be opened, or the port is taken.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn build(config: &Config, platform: &Platform) -> Result<Running, service::Error> {
        let mut service = Service::new("simulators", &config.style, platform, config.limits.clone())?;
        let store = service.open(&config.database, SCHEMAS)?;

        // Requests that are held end when the server is to stop, which otherwise would wait for them.
        let simulators = Simulators::new(&store, &service.serving());
        let held = simulators.clone();
        service.obligations().owe_now("held calls", move || held.held());
        service.merge_admin(admin::routes(simulators.clone()));
        let Simulators { payment, carrier, mail } = simulators;
        let routes = [payment::routes(payment), carrier::routes(carrier), mail::routes(mail)];
        let address = service.serve(routes.into_iter().fold(Router::new(), Router::merge), config.listen)?;
        Ok(Running::new(service, address))
    }
}
