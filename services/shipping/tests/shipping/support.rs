//! A shipping service between a scripted carrier and a scripted ordering.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use chassis::service::Running;
use chassis::{
    client::{self, Call, HttpClient},
    limits::Limits,
    platform::Platform,
    retention::Retention,
};
use contracts::{
    Line, OrderId, Style,
    outside::carrier::{BOOKING_REFUSED, CreateBooking},
    page::Page,
    shipping::{Command, Reply, Shipment, ShipmentStatus},
    topics::kinds,
};
use database::Clock;
use messaging::{Data, Envelope};
use saga::tasks::Backoff;
use serde_json::{Value, json};
use shipping::{App, Config, Reach};
use tempfile::TempDir;
use test_support::orderer::Orderer;
use tokio::sync::watch;
use uuid::Uuid;

pub(crate) use test_support::{orderer::until, owner::ANY_PORT};

/// How the carrier behaves from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carrier {
    Accepts,
    Refuses,
    /// It answers 503.
    Away,
    /// It books, and its answer gets lost.
    Loses,
    /// It does not answer until it behaves otherwise.
    Holds,
}

/// What the peers heard and did.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// Every request to the carrier: its key, and what it was about.
    pub(crate) asked: Vec<(String, CreateBooking)>,
    /// What the carrier did, by key.
    pub(crate) bookings: BTreeMap<String, Value>,
}

#[derive(Clone)]
struct Peers {
    carrier: watch::Sender<Carrier>,
    ledger: Arc<Mutex<Ledger>>,
}

/// The service and its peers.
pub(crate) struct World {
    directory: TempDir,
    pub(crate) platform: Platform,
    config: Config,
    app: Option<Running>,
    pub(crate) client: HttpClient,
    peers: Peers,
    pub(crate) ordering: Orderer,
}

impl World {
    pub(crate) async fn start(style: Style, behaviour: Carrier) -> Self {
        let platform = Platform::simulated(1, Clock::system());
        let peers = Peers { carrier: watch::Sender::new(behaviour), ledger: Arc::default() };
        let directory = tempfile::tempdir().expect("a temporary directory");
        let ordering = Orderer::new(style, "shipping", directory.path()).await;
        let url = serve_peers(&platform, peers.clone(), &ordering);
        let reach = match ordering.broker() {
            None => Reach::Rest(url.clone()),
            Some(broker) => Reach::Messaging(Arc::new(broker.clone())),
        };
        let config = Config {
            reach,
            listen: ANY_PORT,
            database: directory.path().join("shipping.db"),
            carrier_url: url,
            carrier_timeout: Duration::from_secs(5),
            carrier_backoff: Backoff { first: Duration::from_millis(1), most: Duration::from_millis(5) },
            limits: Limits::default(),
            retention: Retention::default(),
        };
        let client = HttpClient::new(&platform, client::Options::default());
        let mut world = Self { directory, platform, config, app: None, client, peers, ordering };
        world.reopen();
        world
    }

    /// Starts the service on the data that it left behind.
    pub(crate) fn reopen(&mut self) {
        assert!(self.directory.path().exists());
        self.app = Some(App::build(&self.config, &self.platform).expect("the service starts"));
    }

    /// Ends the service as a crash would: nothing is finished, nothing is said.
    pub(crate) fn crash(&mut self) {
        self.app = None;
    }

    pub(crate) async fn stop(&mut self) {
        let stopped = self.app.take().expect("it runs").run_until(std::future::ready(())).await;
        assert!(stopped.is_clean(), "{stopped:?}");
    }

    pub(crate) fn carrier(&self, behaviour: Carrier) {
        self.peers.carrier.send_replace(behaviour);
    }

    pub(crate) fn ordering_is_away(&self, away: bool) {
        self.ordering.is_away(away);
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.peers.ledger.lock().expect("no panic while locked")
    }

    /// What ordering was told of late.
    pub(crate) fn late_answers(&self) -> Vec<Reply> {
        self.ordering.late_answers()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.app.as_ref().expect("it runs").address())
    }

    pub(crate) async fn request(&self, order: OrderId) -> Option<Reply> {
        self.ask(order, &request(order)).await
    }

    pub(crate) async fn call_off(&self, order: OrderId) -> Option<Reply> {
        self.ask(order, &Command::CallOff { order_id: order }).await
    }

    /// Asks as ordering does in the style, and returns what is answered at once.
    async fn ask(&self, order: OrderId, command: &Command) -> Option<Reply> {
        if self.ordering.broker().is_none() {
            let address = self.url(&format!("/internal/shipments/{order}"));
            let call = match command {
                Command::RequestShipment { .. } => Call::put(address),
                Command::CallOff { .. } => Call::delete(address),
            };
            let (status, reply) = self.command(call, command).await;
            assert_eq!(status, if reply.is_some() { 200 } else { 202 });
            return reply;
        }
        let id = self.ordering.next_id();
        self.tell(&message(id, order, command)).await;
        self.ordering.answer_to(id)
    }

    /// Sends a message of the style `messaging`, and waits until it is handled and what it led to at once has arrived.
    pub(crate) async fn tell(&self, message: &Envelope) {
        self.ordering.tell(message, async || self.audit().await["pending"]["outbox"] != 0).await;
    }

    pub(crate) async fn command(&self, call: Call, command: &Command) -> (u16, Option<Reply>) {
        let call = call.json(command).expect("a command has JSON");
        let response = self.client.send(call).await.expect("an answer");
        (response.status.as_u16(), response.json().ok())
    }

    pub(crate) async fn get(&self, path: &str) -> client::Response {
        self.client.send(Call::get(self.url(path))).await.expect("an answer")
    }

    pub(crate) async fn shipment(&self, order: OrderId) -> Option<Shipment> {
        let response = self.get(&format!("/v1/shipments?order_id={order}")).await;
        let mut page: Page<Shipment> = response.json().expect("a page");
        assert_eq!(page.next, None);
        page.items.pop()
    }

    pub(crate) async fn status(&self, order: OrderId) -> Option<ShipmentStatus> {
        self.shipment(order).await.map(|shipment| shipment.status)
    }

    pub(crate) async fn until_status(&self, order: OrderId, status: ShipmentStatus) {
        until(async || self.status(order).await == Some(status)).await;
    }

    pub(crate) async fn until_asked(&self, times: usize) {
        until(async || self.ledger().asked.len() >= times).await;
    }

    pub(crate) async fn until_told(&self, times: usize) {
        until(async || self.late_answers().len() >= times).await;
    }

    /// How much is still to be done, as the audit tells.
    pub(crate) async fn audit(&self) -> Value {
        let app = self.app.as_ref().expect("it runs");
        test_support::orderer::audit(app, &self.platform, &self.client).await
    }
}

pub(crate) fn order(number: u128) -> OrderId {
    OrderId::new(Uuid::from_u128(number))
}

pub(crate) fn request(order_id: OrderId) -> Command {
    Command::RequestShipment {
        order_id,
        reference: Some("web-4711".parse().expect("a reference")),
        address: serde_json::from_value(json!({
            "line1": "12 St James's Square", "postal_code": "SW1Y 4JH", "city": "London", "country": "GB",
        }))
        .expect("an address"),
        lines: vec![Line { sku: "TEA-100".parse().expect("a sku"), quantity: 2.try_into().expect("some") }],
    }
}

/// A command as ordering sends it.
pub(crate) fn message(id: Uuid, order: OrderId, command: &Command) -> Envelope {
    let data = Data::of(command).expect("a command has JSON");
    let mut message = Envelope::new(id, "ordering", kinds::SHIPPING_COMMAND, &order.to_string(), 0, data);
    message.correlation_id = Some(order.uuid());
    message.traceparent = Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned());
    message
}

pub(crate) fn dispatched(order: OrderId) -> Reply {
    Reply::Dispatched { carrier: "Hermes".to_owned(), tracking_number: format!("H-{order}") }
}

fn serve_peers(platform: &Platform, peers: Peers, ordering: &Orderer) -> String {
    let router = Router::new().route("/v1/bookings", post(book)).with_state(peers).merge(ordering.routes());
    let listener = platform.network.listen(ANY_PORT).expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

async fn book(State(peers): State<Peers>, headers: HeaderMap, Json(body): Json<CreateBooking>) -> Response {
    let key = headers["idempotency-key"].to_str().expect("text").to_owned();
    let order = body.metadata.order_id;
    peers.ledger.lock().expect("no panic while locked").asked.push((key.clone(), body));
    let mut carrier = peers.carrier.subscribe();
    let behaviour = *carrier.wait_for(|behaviour| *behaviour != Carrier::Holds).await.expect("the world");
    match behaviour {
        Carrier::Away | Carrier::Holds => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Carrier::Refuses => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            chassis::problem::Problem::new(status, BOOKING_REFUSED, "No.").into_response()
        }
        Carrier::Accepts | Carrier::Loses => {
            let mut ledger = peers.ledger.lock().expect("no panic while locked");
            let bookings = ledger.bookings.len();
            let booking = ledger.bookings.entry(key).or_insert_with(|| {
                json!({
                    "booking_id": format!("b{bookings}"), "carrier": "Hermes",
                    "tracking_number": format!("H-{order}"), "booked_at": "2026-01-31T12:00:00Z",
                })
            });
            match behaviour {
                Carrier::Loses => StatusCode::BAD_GATEWAY.into_response(),
                _ => (StatusCode::CREATED, Json(booking.clone())).into_response(),
            }
        }
    }
}
