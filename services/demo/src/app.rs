//! The one place where the parts are put together.

use chassis::{
    platform::Platform,
    service::{self, Running, Service},
};

use crate::{
    config::Config,
    faults::{Trouble, crash},
    http,
};

/// The demo, serving.
pub struct App;

impl App {
    /// Starts it.
    ///
    /// # Errors
    /// The port is taken.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn build(config: &Config, platform: &Platform) -> Result<Running, service::Error> {
        let mut service = Service::new("demo", "none", platform, config.limits.clone())?;
        let trouble = Trouble::new(config.faults.clone(), platform.random().fork());
        let told = trouble.clone();
        service.readiness().check("faults", move || told.readiness());
        let crashing = trouble.clone();
        service.spawn("crash", |drain| crash(crashing, drain));
        service.merge_admin(http::admin(trouble.clone()));
        let routes = http::routes(config.identity.clone(), trouble, config.limits.unready);
        let address = service.serve(routes, config.listen)?;
        Ok(Running::new(service, address))
    }
}
