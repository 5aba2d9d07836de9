//! One style of the system inside the test: every service can be stopped, cut off and disturbed by itself.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use chassis::{
    admin,
    client::Call,
    config::Env,
    limits::Limits,
    network::Network,
    platform::Platform,
    retention::Retention,
    server::Server,
    service::Running,
    shutdown::{self, Trigger},
    telemetry::LogHandle,
};
use clap::Parser as _;
use contracts::Style;
use gateway::config::{Endpoints, Origin};
use mesh::stack::ClientPolicy;
use messaging::{
    Broker, Embedded, embedded,
    faulty::{Faulty, Rates},
};
use serde_json::Value;
use switchyard::{CommandLine, console::Console};
use tempfile::TempDir;
use test_support::{link::Link, unsynced};
use test_terminal::Terminal;

use crate::client::Client;

/// A service that owns something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Service {
    Simulators,
    Customers,
    Warehouse,
    Shipping,
    Billing,
    Ordering,
}

use Service::{Billing, Customers, Ordering, Shipping, Simulators, Warehouse};

/// Those that ordering asks, in the order of the saga.
pub(crate) const PARTICIPANTS: [Service; 4] = [Customers, Warehouse, Shipping, Billing];

/// All of them, in the order in which they start.
pub(crate) const SERVICES: [Service; 6] = [Simulators, Customers, Warehouse, Shipping, Billing, Ordering];

/// How long a service waits for another's answer: short, so that late answers need not be long in coming.
pub(crate) const TIMEOUT: Duration = Duration::from_millis(300);

/// Calls go wrong here more often than not, by request: whoever waited for a circuit would hardly ever ask.
fn patient() -> Limits {
    let limits = Limits::default();
    Limits { client: ClientPolicy { circuit_breaker: None, ..limits.client }, ..limits }
}

/// One style of the system.
pub(crate) struct World {
    style: Style,
    platform: Platform,
    directory: TempDir,
    /// Where each service listens, running or not.
    addresses: BTreeMap<Service, SocketAddr>,
    /// The way from the other services to each.
    links: BTreeMap<Service, Link>,
    broker: Option<Embedded>,
    /// How the broker misbehaves, if it does.
    rates: Option<(u64, Rates)>,
    running: BTreeMap<Service, Running>,
    gateway: Running,
}

impl World {
    /// Starts everything, over a broker that misbehaves as told, if there is one.
    pub(crate) async fn start(style: Style, rates: Option<(u64, Rates)>) -> Self {
        unsynced::install();
        let directory = tempfile::tempdir().unwrap();
        let platform = Platform { network: Network::memory(), ..Platform::system() }.named("e2e");
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let addresses = SERVICES.map(|service| (service, platform.network.reserve(any).unwrap()));
        let links = addresses.map(|(service, address)| (service, Link::to(address, &platform).unwrap()));
        let addresses = BTreeMap::from(addresses);
        let broker = match style {
            Style::Rest => None,
            _ => {
                let file = directory.path().join("broker.db");
                Some(Embedded::open(&file, embedded::Options::default()).await.unwrap())
            }
        };
        let gateway = gateway(style, &addresses, &platform);
        let links = BTreeMap::from(links);
        let running = BTreeMap::new();
        let mut world =
            Self { style, platform, directory, addresses, links, broker, rates, running, gateway };
        SERVICES.into_iter().for_each(|service| world.start_service(service));
        world
    }

    pub(crate) const fn style(&self) -> Style {
        self.style
    }

    /// A client of the gateway.
    pub(crate) fn client(&self) -> Client {
        Client::over(&self.platform).of(&url(self.gateway.address()))
    }

    /// The way from the other services to this one.
    pub(crate) fn link(&self, service: Service) -> &Link {
        &self.links[&service]
    }

    /// The file that a service keeps its data in.
    pub(crate) fn database(&self, service: Service) -> PathBuf {
        self.directory.path().join(format!("{service:?}.db").to_lowercase())
    }

    /// Stops a service as one is stopped in an orderly way.
    pub(crate) async fn stop_service(&mut self, service: Service) {
        self.running.remove(&service).unwrap().run_until(async {}).await;
    }

    /// Starts a service that does not run.
    pub(crate) fn start_service(&mut self, service: Service) {
        let running = self.build(service);
        self.running.insert(service, running);
    }

    /// Serves the admin port of everything that runs, until what this answers is dropped.
    fn admin(&self) -> (String, Trigger) {
        let admins = self.running.values().chain([&self.gateway]).map(Running::admin).collect();
        let router = admin::union(admins, self.platform.build, LogHandle::detached());
        let listener = self.platform.network.listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let address = listener.local_addr().unwrap();
        let (serving, drain) = shutdown::drain();
        self.platform.spawn(Server::new(router, listener, Limits::default()).run(drain));
        (url(address), serving)
    }

    /// The services that are not ready, each with the check that says so.
    pub(crate) async fn unready(&self) -> Vec<(String, String)> {
        let (admin, _serving) = self.admin();
        let answer = self.client().http().send(Call::get(format!("{admin}/readyz"))).await.unwrap();
        let report: Value = answer.json().unwrap();
        let failing = report["checks"].as_array().unwrap().iter().filter(|check| check["ready"] == false);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        failing.map(|check| (text(&check["service"]), text(&check["name"]))).collect()
    }

    /// `switchyard verify` finds nothing.
    pub(crate) async fn verify(&self) {
        let (admin, _serving) = self.admin();
        let verify = CommandLine::parse_from(["switchyard", "verify", "--admin", &admin]);
        let terminal = Terminal::default();
        let console = Console::new(terminal.out.clone(), terminal.err.clone(), false);
        let code = verify.run(&self.platform, &console).await;
        terminal.ended(code).with(0);
    }

    fn build(&self, service: Service) -> Running {
        let listen = self.addresses[&service];
        let database = self.database(service);
        let outside = || url(self.links[&Simulators].address());
        let (limits, retention) = (patient(), Retention::default());
        let env = &mut Env::from([]);
        match service {
            Simulators => {
                let config = simulators::Config::from_env(env);
                let config = simulators::Config { listen, database, style: self.style.to_string(), ..config };
                simulators::App::build(&config, &self.platform)
            }
            Customers => {
                let reach = self.broker().map_or(customers::Reach::Rest(()), customers::Reach::Messaging);
                let config = customers::Config { reach, listen, database, limits, retention };
                customers::App::build(&config, &self.platform)
            }
            Warehouse => {
                let reach = self.broker().map_or(warehouse::Reach::Rest(()), warehouse::Reach::Messaging);
                let config = warehouse::Config { reach, listen, database, limits, retention };
                warehouse::App::build(&config, &self.platform)
            }
            Shipping => {
                let rest = || shipping::Reach::Rest(url(self.links[&Ordering].address()));
                let reach = self.broker().map_or_else(rest, shipping::Reach::Messaging);
                let config = shipping::Config::from_env(env);
                let config =
                    shipping::Config { reach, listen, database, limits, carrier_url: outside(), ..config };
                shipping::App::build(&config, &self.platform)
            }
            Billing => {
                let rest = || billing::Reach::Rest(url(self.links[&Ordering].address()));
                let reach = self.broker().map_or_else(rest, billing::Reach::Messaging);
                let config = billing::Config::from_env(env);
                let (payment_url, mail_url) = (outside(), outside());
                let config =
                    billing::Config { reach, listen, database, limits, payment_url, mail_url, ..config };
                billing::App::build(&config, &self.platform)
            }
            Ordering => {
                let rest = || ordering::Reach::Rest(self.endpoints());
                let reach = self.broker().map_or_else(rest, ordering::Reach::Messaging);
                let config = ordering::Config::new(reach);
                let config = ordering::Config {
                    listen,
                    database,
                    limits,
                    timeout: TIMEOUT,
                    patience: TIMEOUT,
                    ..config
                };
                ordering::App::build(&config, &self.platform)
            }
        }
        .unwrap()
    }

    /// The broker as one service sees it.
    fn broker(&self) -> Option<Arc<dyn Broker>> {
        let broker = self.broker.clone()?;
        Some(match self.rates {
            Some((seed, rates)) => Arc::new(Faulty::new(broker, seed, rates)),
            None => Arc::new(broker),
        })
    }

    fn endpoints(&self) -> ordering::Endpoints {
        let url = |service| url(self.links[&service].address());
        ordering::Endpoints {
            customers: url(Customers),
            warehouse: url(Warehouse),
            shipping: url(Shipping),
            billing: url(Billing),
        }
    }
}

fn gateway(style: Style, addresses: &BTreeMap<Service, SocketAddr>, platform: &Platform) -> Running {
    let origin = |service| Origin::try_from(addresses[&service]).unwrap();
    let endpoints = Endpoints {
        customers: origin(Customers),
        ordering: origin(Ordering),
        warehouse: origin(Warehouse),
        shipping: origin(Shipping),
        billing: origin(Billing),
        views: None,
    };
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let config = gateway::Config::of(any, style.as_str(), endpoints);
    gateway::App::build(&config, ordering::http::openapi(), platform).unwrap()
}

fn url(address: SocketAddr) -> String {
    format!("http://{address}")
}
