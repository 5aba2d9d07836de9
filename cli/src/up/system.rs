//! One style of the system: its services and what stands for the systems outside.

use std::{
    collections::BTreeMap,
    error::Error as StdError,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::{Router, extract::State, routing::get};
use chassis::{
    admin::Admin,
    config::Env,
    extract::Json,
    limits::Limits,
    observe,
    platform::Platform,
    problem::Problem,
    retention::Retention,
    service::{self, Running, Service},
};
use contracts::Style;
use event_store::Ledger;
use futures_util::future::join_all;
use gateway::config::Origin;
use messaging::{Broker, Embedded, embedded};
use ordering::Endpoints;
use serde_json::json;

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

/// Where the services listen: known to all before the first of them starts, since they know each other.
#[derive(Clone, Copy)]
struct Addresses {
    simulators: SocketAddr,
    customers: SocketAddr,
    warehouse: SocketAddr,
    shipping: SocketAddr,
    billing: SocketAddr,
    ordering: SocketAddr,
    views: SocketAddr,
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

/// A service that runs, or was taken away.
struct Part {
    name: &'static str,
    build: Build,
    running: Option<Running>,
}

type Build = Box<dyn Fn(&Platform) -> Result<Running, service::Error> + Send + Sync>;

impl Part {
    fn new(
        name: &'static str,
        build: impl Fn(&Platform) -> Result<Running, service::Error> + Send + Sync + 'static,
    ) -> Self {
        Self { name, build: Box::new(build), running: None }
    }

    fn start(&mut self, platform: &Platform) -> Result<(), service::Error> {
        if self.running.is_none() {
            self.running = Some((self.build)(platform)?);
        }
        Ok(())
    }

    async fn stop(&mut self) -> bool {
        let Some(running) = self.running.take() else { return false };
        running.run_until(std::future::ready(())).await;
        true
    }
}

/// Every service, and how it is started: the systems outside, those that are asked, the one that asks, and the query side,
/// which asks the owners for what there is.
fn tiers(reach: &Reach, retention: Retention, file: &dyn Fn(&str) -> PathBuf) -> Vec<Vec<Part>> {
    let (style, addresses) = (reach.style, reach.addresses);
    let simulators = simulators::Config {
        listen: addresses.simulators,
        database: file("simulators"),
        style: style.to_string(),
        ..simulators::Config::from_env(&mut nothing())
    };
    let customers = customers::Config {
        reach: reach.customers(),
        listen: addresses.customers,
        database: file("customers"),
        limits: Limits::default(),
        retention,
    };
    let warehouse = warehouse::Config {
        reach: reach.warehouse(),
        listen: addresses.warehouse,
        database: file("warehouse"),
        limits: Limits::default(),
        retention,
    };
    let shipping = shipping::Config {
        reach: reach.shipping(),
        listen: addresses.shipping,
        database: file("shipping"),
        carrier_url: url(addresses.simulators),
        retention,
        ..shipping::Config::from_env(&mut nothing())
    };
    let billing = billing::Config {
        reach: reach.billing(),
        listen: addresses.billing,
        database: file("billing"),
        payment_url: url(addresses.simulators),
        mail_url: url(addresses.simulators),
        retention,
        ..billing::Config::from_env(&mut nothing())
    };
    let ordering = ordering::Config {
        listen: addresses.ordering,
        database: file("ordering"),
        retention,
        ..ordering::Config::new(reach.ordering())
    };
    let views = reach.views(style, file("views")).map(|config| views::Config { retention, ..config });
    vec![
        vec![Part::new("simulators", move |platform| simulators::App::build(&simulators, platform))],
        vec![
            Part::new("customers", move |platform| customers::App::build(&customers, platform)),
            Part::new("warehouse", move |platform| warehouse::App::build(&warehouse, platform)),
            Part::new("shipping", move |platform| shipping::App::build(&shipping, platform)),
            Part::new("billing", move |platform| billing::App::build(&billing, platform)),
        ],
        vec![Part::new("ordering", move |platform| ordering::App::build(&ordering, platform))],
        views
            .map(|views| Part::new("views", move |platform| views::App::build(&views, platform)))
            .into_iter()
            .collect(),
    ]
}

/// How the services of one system reach each other: over one broker, by their addresses, or both; or over one ledger.
struct Reach {
    style: Style,
    addresses: Addresses,
    over: Over,
}

/// What they have in common.
enum Over {
    Nothing,
    Broker(Arc<dyn Broker>),
    Ledger(Ledger),
}

/// The reach of one service: its variants have the same names and needs in all of them, but for those of `rest`.
macro_rules! reach {
    ($reach:ident, $service:ident, $rest:expr) => {
        match (&$reach.over, $reach.style) {
            (Over::Broker(broker), Style::Messaging) => $service::Reach::Messaging(broker.clone()),
            (Over::Broker(broker), Style::Notification) => {
                $service::Reach::Notification(broker.clone(), $reach.addresses.owners())
            }
            (Over::Broker(broker), Style::StateTransfer) => $service::Reach::StateTransfer(broker.clone()),
            (Over::Ledger(ledger), Style::EventSourcing) => $service::Reach::EventSourcing(ledger.clone()),
            _ => $rest,
        }
    };
}

impl Reach {
    fn customers(&self) -> customers::Reach {
        reach!(self, customers, customers::Reach::Rest)
    }

    fn warehouse(&self) -> warehouse::Reach {
        reach!(self, warehouse, warehouse::Reach::Rest)
    }

    fn shipping(&self) -> shipping::Reach {
        reach!(self, shipping, shipping::Reach::Rest(url(self.addresses.ordering)))
    }

    fn billing(&self) -> billing::Reach {
        reach!(self, billing, billing::Reach::Rest(url(self.addresses.ordering)))
    }

    /// What the query side is told, in a style that has one.
    fn views(&self, style: Style, file: PathBuf) -> Option<views::Config> {
        let owners = views::Owners {
            customers: url(self.addresses.customers),
            ordering: url(self.addresses.ordering),
            warehouse: url(self.addresses.warehouse),
        };
        let feed = match (&self.over, style) {
            (Over::Broker(broker), Style::Messaging) => views::Feed::Events(broker.clone()),
            (Over::Broker(broker), Style::Notification) => {
                views::Feed::Notices(broker.clone(), self.addresses.owners())
            }
            (Over::Broker(broker), Style::StateTransfer) => views::Feed::Documents(broker.clone()),
            (Over::Ledger(ledger), _) => views::Feed::Ledger(ledger.clone()),
            _ => return None,
        };
        Some(views::Config::new(style, feed, owners, self.addresses.views, file))
    }

    fn ordering(&self) -> ordering::Reach {
        reach!(self, ordering, ordering::Reach::Rest(self.addresses.endpoints()))
    }
}

/// The broker of one system, in a file of its own beside the services', and what operators see of it.
async fn open_broker(
    style: Style,
    directory: &Path,
    platform: &Platform,
) -> Result<(Embedded, Box<Service>), Error> {
    let mut options = embedded::Options::default();
    options.database.clock = platform.clock.clone();
    options.database.executor = platform.executor;
    options.database = platform.doubles.around(options.database);
    std::fs::create_dir_all(directory).map_err(failed("broker", style))?;
    let broker =
        Embedded::open(&directory.join("broker.db"), options).await.map_err(failed("broker", style))?;
    let service = operate(&broker, style, platform).map_err(failed("broker", style))?;
    Ok((broker, Box::new(service)))
}

/// Shows the broker on the admin port, and closes its file when the system stops.
fn operate(broker: &Embedded, style: Style, platform: &Platform) -> Result<Service, service::Error> {
    let mut service = Service::new("broker", style.as_str(), platform, Limits::default())?;
    service.keep(broker.database())?;
    observe::broker::show(service.metrics(), broker)?;
    let audit = Router::new().route("/audit", get(on_their_way)).with_state(broker.clone());
    service.merge_admin(audit);
    Ok(service)
}

/// What the broker still has to do, in the words of every service's audit.
async fn on_their_way(State(broker): State<Embedded>) -> Result<Json<serde_json::Value>, Problem> {
    let unacknowledged = broker.unacknowledged().await?;
    Ok(Json(json!({"service": "broker", "aggregates": [], "pending": {"unacknowledged": unacknowledged}})))
}

/// The ledger of one system, in a file of its own, and what operators see of it.
fn open_ledger(style: Style, directory: &Path, platform: &Platform) -> Result<(Ledger, Box<Service>), Error> {
    std::fs::create_dir_all(directory).map_err(failed("ledger", style))?;
    let path = directory.join("ledger.db");
    let ledger = choreography::ledger::open(&path, platform).map_err(failed("ledger", style))?;
    let service = Service::new("ledger", style.as_str(), platform, Limits::default());
    let mut service = service.map_err(failed("ledger", style))?;
    service.keep(ledger.database()).map_err(failed("ledger", style))?;
    Ok((ledger, Box::new(service)))
}

/// An environment that says nothing: every setting as it is unless told otherwise.
fn nothing() -> Env {
    Env::from([])
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
            views: reserve("views")?,
        })
    }

    /// By name, for those who call back.
    fn owners(&self) -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            ("customers", url(self.customers)),
            ("warehouse", url(self.warehouse)),
            ("shipping", url(self.shipping)),
            ("billing", url(self.billing)),
            ("ordering", url(self.ordering)),
        ])
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
