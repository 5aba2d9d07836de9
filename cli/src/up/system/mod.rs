//! One style of the system: its services and what stands for the systems outside.

mod parts;
mod reach;
mod shared;

use std::{error::Error as StdError, net::SocketAddr, path::PathBuf, sync::Arc};

use chassis::{
    admin::Admin,
    platform::Platform,
    retention::Retention,
    service::{Running, Service},
};
use contracts::Style;
use futures_util::future::join_all;
use gateway::config::Origin;
use messaging::{Broker, Embedded};

use parts::{Part, tiers};
use reach::{Addresses, Over, Reach};
use shared::{open_broker, open_ledger};

use super::Error;

/// The services of one style, running.
pub(super) struct System {
    style: Style,
    addresses: Addresses,
    /// Those that others ask before those that ask; within a tier nobody asks anybody at the start or at the end.
    tiers: Vec<Vec<Part>>,
    broker: Option<(Embedded, Box<Service>)>,
    platform: Platform,
    ledger: Option<Box<Service>>,
}

impl System {
    /// Starts the services of a style, those that others ask first.
    pub(super) async fn start(
        style: Style,
        directory: PathBuf,
        retention: Retention,
        platform: &Platform,
    ) -> Result<Self, Error> {
        let addresses = Addresses::reserve(style, platform)?;
        let broker = match style {
            Style::Rest | Style::EventSourcing => None,
            _ => Some(open_broker(style, &directory, platform).await?),
        };
        let file = |service: &str| directory.join(format!("{service}.db"));
        let ledger = match style {
            Style::EventSourcing => Some(open_ledger(style, &directory, platform)?),
            _ => None,
        };
        let (ledger, operated) = ledger.unzip();
        let real = broker.as_ref().map(|(broker, _)| Arc::new(broker.clone()) as Arc<dyn Broker>);
        let over = match (real, ledger) {
            (Some(real), _) => Over::Broker(platform.doubles.around(real)),
            (None, Some(ledger)) => Over::Ledger(ledger),
            (None, None) => Over::Nothing,
        };
        let reach = Reach { style, addresses, over };

        let tiers = tiers(&reach, retention, &file);
        let mut system =
            Self { style, addresses, tiers, broker, ledger: operated, platform: platform.clone() };
        for part in system.tiers.iter_mut().flatten() {
            part.start(&system.platform).map_err(failed(part.name, style))?;
        }
        Ok(system)
    }

    /// Takes a service away, in order: what it has begun it finishes or leaves written down. Tells whether it was there.
    pub(super) async fn take_away(&mut self, service: &str) -> bool {
        let Some(part) = self.tiers.iter_mut().flatten().find(|part| part.name == service) else {
            return false;
        };
        part.stop().await
    }

    /// Starts a service again that was taken away, where it was.
    pub(super) fn bring_back(&mut self, service: &str) -> Result<(), Error> {
        let Some(part) = self.tiers.iter_mut().flatten().find(|part| part.name == service) else {
            return Ok(());
        };
        part.start(&self.platform).map_err(failed(part.name, self.style))
    }

    pub(super) const fn style(&self) -> Style {
        self.style
    }

    /// Where the gateway finds the owner of each resource.
    pub(super) fn endpoints(&self) -> Result<gateway::config::Endpoints, Error> {
        let Addresses { customers, ordering, warehouse, shipping, billing, views, .. } = self.addresses;
        let has_views = self.tiers.iter().flatten().any(|part| part.name == "views");
        let origin =
            |address: SocketAddr| Origin::try_from(address).map_err(|source| Error::Gateway(source.into()));
        Ok(gateway::config::Endpoints {
            customers: origin(customers)?,
            ordering: origin(ordering)?,
            warehouse: origin(warehouse)?,
            shipping: origin(shipping)?,
            billing: origin(billing)?,
            views: has_views.then(|| origin(views)).transpose()?,
        })
    }

    pub(super) fn admins(&self) -> impl Iterator<Item = Admin> {
        let apps = self.tiers.iter().flatten().filter_map(|part| part.running.as_ref().map(Running::admin));
        apps.chain(self.broker.as_ref().map(|(_, service)| service.admin()))
            .chain(self.ledger.as_ref().map(|service| service.admin()))
    }

    /// Stops those that ask before those that they ask.
    pub(super) async fn stop(mut self) {
        for tier in self.tiers.iter_mut().rev() {
            join_all(tier.iter_mut().map(Part::stop)).await;
        }
        if let Some((_, service)) = self.broker {
            service.stop().await;
        }
        if let Some(service) = self.ledger {
            service.stop().await;
        }
    }
}

/// What the services say of their APIs, as one document.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    gateway::openapi::merged([
        customers::http::openapi(),
        warehouse::http::openapi(),
        ordering::http::openapi(),
        shipping::http::openapi(),
        billing::http::openapi(),
        views::http::openapi(),
    ])
}

fn failed<E: StdError + Send + Sync + 'static>(service: &'static str, style: Style) -> impl Fn(E) -> Error {
    move |source| Error::Service { service, style, source: Box::new(source) }
}
