//! One style of the system: its services and what stands for the systems outside.

use std::{
    error::Error as StdError,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
};

use chassis::{admin::Admin, limits::Limits, platform::Platform};
use contracts::Style;
use gateway::config::Origin;
use ordering::styles::rest::Endpoints;

use super::Error;

/// The services of one style, running.
pub(super) struct System {
    style: Style,
    addresses: Addresses,
    simulators: simulators::App,
    customers: customers::App,
    warehouse: warehouse::App,
    shipping: shipping::App,
    billing: billing::App,
    ordering: ordering::App,
}

/// Where the services listen: known to all before the first of them starts, since they know each other.
#[derive(Clone, Copy)]
struct Addresses {
    simulators: SocketAddr,
    customers: SocketAddr,
    warehouse: SocketAddr,
    shipping: SocketAddr,
    billing: SocketAddr,
    ordering: SocketAddr,
}

impl System {
    /// Starts the services of a style, those that others ask first.
    pub(super) fn start(style: Style, directory: &Path, platform: &Platform) -> Result<Self, Error> {
        let addresses = Addresses::reserve(style, platform)?;
        let file = |service: &str| directory.join(format!("{service}.db"));
        let limits = Limits::default();

        let config = simulators::Config {
            listen: addresses.simulators,
            database: file("simulators"),
            style: style.to_string(),
            limits: limits.clone(),
        };
        let simulators = simulators::App::build(&config, platform).map_err(failed("simulators", style))?;

        let config = customers::Config {
            style,
            listen: addresses.customers,
            database: file("customers"),
            limits: limits.clone(),
        };
        let customers = customers::App::build(&config, platform).map_err(failed("customers", style))?;

        let config = warehouse::Config {
            style,
            listen: addresses.warehouse,
            database: file("warehouse"),
            limits: limits.clone(),
        };
        let warehouse = warehouse::App::build(&config, platform).map_err(failed("warehouse", style))?;

        let config = shipping::Config {
            style,
            listen: addresses.shipping,
            database: file("shipping"),
            ordering_url: url(addresses.ordering),
            carrier_url: url(addresses.simulators),
            carrier_timeout: std::time::Duration::from_secs(10),
            carrier_backoff: Default::default(),
            limits: limits.clone(),
        };
        let shipping = shipping::App::build(&config, platform).map_err(failed("shipping", style))?;

        let config = billing::Config {
            style,
            listen: addresses.billing,
            database: file("billing"),
            ordering_url: url(addresses.ordering),
            payment_url: url(addresses.simulators),
            mail_url: url(addresses.simulators),
            limits: limits.clone(),
            ..billing::Config::default()
        };
        let billing = billing::App::build(&config, platform).map_err(failed("billing", style))?;

        let config = ordering::Config {
            listen: addresses.ordering,
            database: file("ordering"),
            limits,
            ..ordering::Config::new(ordering::Reach::Rest(addresses.endpoints()))
        };
        let ordering = ordering::App::build(&config, platform).map_err(failed("ordering", style))?;
        Ok(Self { style, addresses, simulators, customers, warehouse, shipping, billing, ordering })
    }

    pub(super) const fn style(&self) -> Style {
        self.style
    }

    /// Where the gateway finds the owner of each resource.
    pub(super) fn endpoints(&self) -> Result<gateway::config::Endpoints, Error> {
        let Addresses { customers, ordering, warehouse, shipping, billing, .. } = self.addresses;
        let origin = |address: SocketAddr| {
            Origin::try_from(address).map_err(|source| Error::Gateway(source.into()))
        };
        Ok(gateway::config::Endpoints {
            customers: origin(customers)?,
            ordering: origin(ordering)?,
            warehouse: origin(warehouse)?,
            shipping: origin(shipping)?,
            billing: origin(billing)?,
        })
    }

    pub(super) fn admins(&self) -> impl Iterator<Item = Admin> {
        [
            self.simulators.admin(),
            self.customers.admin(),
            self.warehouse.admin(),
            self.shipping.admin(),
            self.billing.admin(),
            self.ordering.admin(),
        ]
        .into_iter()
    }

    /// Stops the one that begins things first, and those that it asks after it.
    pub(super) async fn stop(self) {
        let now = || std::future::ready(());
        self.ordering.run_until(now()).await;
        futures_util::future::join4(
            self.customers.run_until(now()),
            self.warehouse.run_until(now()),
            self.shipping.run_until(now()),
            self.billing.run_until(now()),
        )
        .await;
        self.simulators.run_until(now()).await;
    }
}

/// What the services say of their APIs, as one document.
pub(super) fn openapi() -> utoipa::openapi::OpenApi {
    let mut document = customers::http::openapi();
    document.merge(warehouse::http::openapi());
    document.merge(ordering::http::openapi());
    document.merge(shipping::http::openapi());
    document.merge(billing::http::openapi());
    document
}

impl Addresses {
    fn reserve(style: Style, platform: &Platform) -> Result<Self, Error> {
        let reserve = |service| {
            let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            platform.network.reserve(any).map_err(failed(service, style))
        };
        Ok(Self {
            simulators: reserve("simulators")?,
            customers: reserve("customers")?,
            warehouse: reserve("warehouse")?,
            shipping: reserve("shipping")?,
            billing: reserve("billing")?,
            ordering: reserve("ordering")?,
        })
    }

    fn endpoints(&self) -> Endpoints {
        Endpoints {
            customers: url(self.customers),
            warehouse: url(self.warehouse),
            shipping: url(self.shipping),
            billing: url(self.billing),
        }
    }
}

fn url(address: SocketAddr) -> String {
    format!("http://{address}")
}

fn failed<E: StdError + Send + Sync + 'static>(service: &'static str, style: Style) -> impl Fn(E) -> Error {
    move |source| Error::Service { service, style, source: Box::new(source) }
}
