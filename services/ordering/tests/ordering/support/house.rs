//! Every service for real in one process, with the systems outside simulated: where the rules of the participants matter.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    ops::Deref,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use chassis::{
    client::Call, config::Env, limits::Limits, platform::Platform, retention::Retention, service::Running,
    service::Service, telemetry::LogHandle,
};
use contracts::{
    CustomerId, Style,
    billing::Invoice,
    customers::Customer,
    ordering::Order,
    outside::simulators::{Entry, Simulator},
    page::Page,
    shipping::Shipment,
    timeline::Timeline,
    warehouse::Product,
};
use database::Statement;
use messaging::{Broker, Embedded};
use ordering::{Endpoints, process::Participant};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tempfile::TempDir;
use utoipa::openapi::OpenApi;

use super::{ANY_PORT, Client, Road, answers::contact, clock, until, world::broker};

/// The services, in the order in which they are started.
const PARTS: [&str; 6] = ["simulators", "customers", "warehouse", "shipping", "billing", "ordering"];

/// Every service of one style.
pub(crate) struct House {
    pub(crate) style: Style,
    /// The ways from ordering to the others, which only `rest` has.
    pub(crate) to_customers: Option<Road>,
    pub(crate) to_warehouse: Option<Road>,
    pub(crate) to_shipping: Option<Road>,
    retention: Retention,
    platform: Platform,
    directory: TempDir,
    broker: Option<Arc<dyn Broker>>,
    addresses: BTreeMap<&'static str, SocketAddr>,
    parts: Mutex<BTreeMap<&'static str, Part>>,
    client: Client,
    _roads: Vec<Service>,
}

/// A service that runs.
struct Part {
    _running: Running,
    admin: String,
}

impl House {
    pub(crate) async fn start(style: Style) -> Self {
        Self::keeping(style, Retention::default(), |broker| Arc::new(broker)).await
    }

    /// With services that forget sooner or later than usual, over a broker that may not be what it seems.
    pub(crate) async fn keeping(
        style: Style,
        retention: Retention,
        disguise: impl FnOnce(Embedded) -> Arc<dyn Broker>,
    ) -> Self {
        let platform = Platform::simulated(1, clock());
        let directory = tempfile::tempdir().unwrap();
        let broker = match style {
            Style::Rest => None,
            _ => Some(disguise(broker(&platform, directory.path().join("broker.db")).await)),
        };
        let reserve = |name| (name, platform.network.reserve(ANY_PORT).unwrap());
        let mut addresses: BTreeMap<_, _> = PARTS.into_iter().map(reserve).collect();
        let mut roads = Vec::new();
        let mut road = |participant, name, way| {
            let from = platform.network.reserve(ANY_PORT).unwrap();
            let (road, service) = Road::open(&platform, participant, from, addresses[name]);
            addresses.insert(way, from);
            roads.push(service);
            Some(road).filter(|_| style == Style::Rest)
        };
        let house = Self {
            to_customers: road(Participant::Customers, "customers", "to customers"),
            to_warehouse: road(Participant::Warehouse, "warehouse", "to warehouse"),
            to_shipping: road(Participant::Shipping, "shipping", "to shipping"),
            client: Client::new(&platform, addresses["ordering"]),
            style,
            retention,
            platform,
            directory,
            broker,
            addresses,
            parts: Mutex::default(),
            _roads: roads,
        };
        PARTS.into_iter().for_each(|name| house.comes_back(name));
        house
    }

    /// Ends a service as a crash would.
    pub(crate) async fn goes_away(&self, name: &'static str) {
        self.parts.lock().unwrap().remove(name);
        let (network, address) = (self.platform.network.clone(), self.addresses[name]);
        until("the port is free", async || network.listen(address).ok().map(drop)).await;
    }

    /// Starts it again, on the data that it left behind.
    pub(crate) fn comes_back(&self, name: &'static str) {
        let mut running = self.build(name);
        let admin = running.serve_admin(ANY_PORT, LogHandle::detached()).unwrap();
        let part = Part { _running: running, admin: format!("http://{admin}") };
        self.parts.lock().unwrap().insert(name, part);
    }

    fn build(&self, name: &'static str) -> Running {
        let (listen, database) = (self.addresses[name], self.file(name));
        let (platform, limits, broker) = (&self.platform, Limits::default(), self.broker.clone());
        let retention = self.retention;
        let (outside, nothing) = (self.at("simulators"), &mut Env::from([]));
        match name {
            "simulators" => {
                let config = simulators::Config { style: "all".to_owned(), listen, database, limits };
                simulators::App::build(&config, platform)
            }
            "customers" => {
                let reach = broker.map_or(customers::Reach::Rest(()), customers::Reach::Messaging);
                customers::App::build(
                    &customers::Config { reach, listen, database, limits, retention },
                    platform,
                )
            }
            "warehouse" => {
                let reach = broker.map_or(warehouse::Reach::Rest(()), warehouse::Reach::Messaging);
                warehouse::App::build(
                    &warehouse::Config { reach, listen, database, limits, retention },
                    platform,
                )
            }
            "shipping" => {
                let rest = || shipping::Reach::Rest(self.at("ordering"));
                let reach = broker.map_or_else(rest, shipping::Reach::Messaging);
                let config = shipping::Config::from_env(nothing);
                let config =
                    shipping::Config { reach, listen, database, carrier_url: outside, retention, ..config };
                shipping::App::build(&config, platform)
            }
            "billing" => {
                let rest = || billing::Reach::Rest(self.at("ordering"));
                let reach = broker.map_or_else(rest, billing::Reach::Messaging);
                let (payment_url, mail_url) = (outside.clone(), outside);
                let config = billing::Config::from_env(nothing);
                let config =
                    billing::Config { reach, listen, database, payment_url, mail_url, retention, ..config };
                billing::App::build(&config, platform)
            }
            _ => {
                let rest = || ordering::Reach::Rest(self.endpoints());
                let reach = broker.map_or_else(rest, ordering::Reach::Messaging);
                let config = ordering::Config { listen, database, retention, ..ordering::Config::new(reach) };
                ordering::App::build(&config, platform)
            }
        }
        .unwrap()
    }

    fn endpoints(&self) -> Endpoints {
        Endpoints {
            customers: self.at("to customers"),
            warehouse: self.at("to warehouse"),
            shipping: self.at("to shipping"),
            billing: self.at("billing"),
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(format!("{name}.db"))
    }

    fn at(&self, name: &str) -> String {
        format!("http://{}", self.addresses[name])
    }

    /// Everything that was done about an order, as a gateway before these services tells it.
    pub(crate) async fn timeline(&self, order: &Order) -> Timeline {
        let origin = |name| self.at(name).parse().unwrap();
        let endpoints = gateway::config::Endpoints {
            customers: origin("customers"),
            ordering: origin("ordering"),
            warehouse: origin("warehouse"),
            shipping: origin("shipping"),
            billing: origin("billing"),
            views: None,
        };
        let config = gateway::Config::of(ANY_PORT, self.style.as_str(), endpoints);
        let gateway = gateway::App::build(&config, OpenApi::default(), &self.platform).unwrap();
        let url = format!("http://{}/v1/orders/{}/timeline", gateway.address(), order.id);
        self.read(Call::get(url)).await
    }

    /// Registers somebody who may owe so many cents.
    pub(crate) async fn customer(&self, limit: i64) -> CustomerId {
        let mut body = serde_json::to_value(contact()).unwrap();
        body["credit_limit"] = json!({"amount": limit, "currency": "EUR"});
        let call = Call::post(self.at("customers") + "/v1/customers").json(&body).unwrap();
        self.read::<Customer>(call).await.id
    }

    /// Offers so many pieces of something at a price in cents.
    pub(crate) async fn product(&self, sku: &str, price: i64, on_hand: i64) {
        let price = json!({"amount": price, "currency": "EUR"});
        let body = json!({"sku": sku, "name": format!("One {sku}"), "unit_price": price, "on_hand": on_hand});
        let call = Call::post(self.at("warehouse") + "/v1/products").json(&body).unwrap();
        self.read::<Product>(call).await;
    }

    /// From now on it costs so many cents.
    pub(crate) async fn reprice(&self, sku: &str, price: i64) {
        let body = json!({"unit_price": {"amount": price, "currency": "EUR"}});
        let url = format!("{}/v1/products/{sku}", self.at("warehouse"));
        self.read::<Product>(Call::patch(url).json(&body).unwrap()).await;
    }

    /// Begins somebody's order of so many pieces.
    pub(crate) async fn order(&self, customer: CustomerId, sku: &str, quantity: i64) -> Order {
        let body = json!({"customer_id": customer, "items": [{"sku": sku, "quantity": quantity}]});
        self.read(self.post("/v1/orders", &body)).await
    }

    pub(crate) async fn show_customer(&self, id: CustomerId) -> Customer {
        self.read(Call::get(format!("{}/v1/customers/{id}", self.at("customers")))).await
    }

    pub(crate) async fn show_product(&self, sku: &str) -> Product {
        self.read(Call::get(format!("{}/v1/products/{sku}", self.at("warehouse")))).await
    }

    pub(crate) async fn shipment(&self, order: &Order) -> Option<Shipment> {
        let url = format!("{}/v1/shipments?order_id={}", self.at("shipping"), order.id);
        self.read::<Page<Shipment>>(Call::get(url)).await.items.pop()
    }

    pub(crate) async fn invoice(&self, order: &Order) -> Option<Invoice> {
        let url = format!("{}/v1/invoices?order_id={}", self.at("billing"), order.id);
        self.read::<Page<Invoice>>(Call::get(url)).await.items.pop()
    }

    /// Asks for one attempt to collect what an order owes.
    pub(crate) fn pay(&self, order: &Order) -> Call {
        Call::post(format!("{}/v1/invoices/{}/pay", self.at("billing"), order.id))
    }

    /// Sets a system outside.
    pub(crate) async fn set(&self, system: &str, change: &Value) {
        let url = self.admin("simulators") + &format!("/simulators/{system}");
        self.read::<Simulator>(Call::put(url).json(change).unwrap()).await;
    }

    /// What a system outside keeps unanswered.
    pub(crate) async fn held(&self, system: &str) -> usize {
        let url = self.admin("simulators") + &format!("/simulators/{system}");
        self.read::<Simulator>(Call::get(url)).await.held.len()
    }

    /// What a system outside has done about an order.
    pub(crate) async fn ledger(&self, system: &str, order: &Order) -> Vec<Entry> {
        let url = self.admin("simulators") + &format!("/simulators/{system}/ledger");
        let entries = self.read::<Page<Entry>>(Call::get(url)).await.items;
        entries.into_iter().filter(|entry| entry.order_id == order.id).collect()
    }

    /// Publishes what is on its way in `messaging`.
    pub(crate) async fn publish(&self, topic: &str, message: messaging::Envelope) {
        self.broker.as_ref().unwrap().publish(topic, &[message]).await.unwrap();
    }

    pub(crate) fn ids(&self) -> &chassis::ids::Ids {
        &self.platform.ids
    }

    /// Waits until no service has anything left to do.
    pub(crate) async fn until_at_rest(&self) {
        let mut quiet = 0;
        until("nothing is to be done any more", async || {
            let mut pending = 0;
            for name in &PARTS[1..] {
                let audit: Value = self.read(Call::get(self.admin(name) + "/audit")).await;
                let counts = audit["pending"].as_object().unwrap().values();
                pending += counts.map(|count| count.as_i64().unwrap()).sum::<i64>();
            }
            // A message that has left one service may not have come to the next: what is quiet stays so.
            quiet = if pending == 0 { quiet + 1 } else { 0 };
            (quiet > 1).then_some(())
        })
        .await;
    }

    /// How many rows there are, by file and table.
    pub(crate) fn rows(&self) -> BTreeMap<String, i64> {
        let mut rows = BTreeMap::new();
        for name in PARTS.into_iter().chain(self.broker.is_some().then_some("broker")) {
            let file = rusqlite::Connection::open(self.file(name)).unwrap();
            let mut tables = file.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").unwrap();
            for table in tables.query_map([], |row| row.get::<_, String>(0)).unwrap() {
                let table = table.unwrap();
                let count = format!("SELECT count(*) FROM {table}");
                rows.insert(format!("{name}.{table}"), file.query_row(&count, [], |row| row.get(0)).unwrap());
            }
        }
        rows
    }

    /// How the store would run a statement on a service's file.
    pub(crate) fn plan(&self, name: &str, statement: Statement) -> Vec<String> {
        let file = rusqlite::Connection::open(self.file(name)).unwrap();
        let mut plan = file.prepare(&format!("EXPLAIN QUERY PLAN {}", statement.sql())).unwrap();
        let parameters = vec![0; statement.parameters()];
        let steps = plan.query_map(rusqlite::params_from_iter(parameters), |row| row.get(3)).unwrap();
        steps.map(Result::unwrap).collect()
    }

    /// Where operators reach a service.
    pub(crate) fn admin(&self, name: &str) -> String {
        self.parts.lock().unwrap()[name].admin.clone()
    }

    /// Asks until nothing that is needed for the answer is away: a circuit is open for a while longer.
    async fn read<T: DeserializeOwned>(&self, call: Call) -> T {
        let response = until("an answer", async || {
            let response = self.send(call.clone()).await;
            (response.status != 503).then_some(response)
        })
        .await;
        assert!(response.is_success(), "{response:?}");
        response.json().unwrap()
    }
}

/// What a client of ordering can do, can be done in the house.
impl Deref for House {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}
