//! A shipping service between a scripted carrier and a scripted ordering.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU32, Ordering},
    },
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
    topics::{self, kinds},
};
use database::Clock;
use messaging::{
    Broker, Data, Envelope, Publisher, derived_id,
    embedded::{self, Embedded},
};
use saga::tasks::Backoff;
use serde_json::{Value, json};
use shipping::{App, Config, Reach};
use tempfile::TempDir;
use tokio::sync::watch;
use uuid::Uuid;

pub(crate) const ANY_PORT: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

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
    /// What ordering was told, in order, repetitions included.
    pub(crate) replies: Vec<Envelope>,
    /// What was published of shipments, in order, repetitions included.
    pub(crate) events: Vec<Envelope>,
}

#[derive(Clone)]
struct Peers {
    carrier: watch::Receiver<Carrier>,
    ordering_is_away: watch::Receiver<bool>,
    ledger: Arc<Mutex<Ledger>>,
}

/// The service and its peers.
pub(crate) struct World {
    directory: TempDir,
    pub(crate) platform: Platform,
    config: Config,
    app: Option<Running>,
    pub(crate) client: HttpClient,
    carrier: watch::Sender<Carrier>,
    ordering_is_away: watch::Sender<bool>,
    ledger: Arc<Mutex<Ledger>>,
    broker: Option<Embedded>,
    commands: AtomicU32,
}

impl World {
    pub(crate) async fn start(style: Style, behaviour: Carrier) -> Self {
        let platform = Platform::simulated(1, Clock::system());
        let (carrier, carrier_seen) = watch::channel(behaviour);
        let (ordering_is_away, away_seen) = watch::channel(false);
        let ledger = Arc::<Mutex<Ledger>>::default();
        let peers = Peers { carrier: carrier_seen, ordering_is_away: away_seen, ledger: Arc::clone(&ledger) };
        let url = serve_peers(&platform, peers);
        let directory = tempfile::tempdir().expect("a temporary directory");
        let broker = match style {
            Style::Rest => None,
            _ => Some(broker(&directory, &ledger).await),
        };
        let reach = match &broker {
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
        let mut world = Self {
            directory,
            platform,
            config,
            app: None,
            client,
            carrier,
            ordering_is_away,
            ledger,
            broker,
            commands: AtomicU32::new(0),
        };
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
        self.carrier.send_replace(behaviour);
    }

    pub(crate) fn ordering_is_away(&self, away: bool) {
        self.ordering_is_away.send_replace(away);
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().expect("no panic while locked")
    }

    /// What ordering was told of late, without repetitions and without what answers a message at once.
    pub(crate) fn late_answers(&self) -> Vec<Reply> {
        let mut seen: Vec<Uuid> = Vec::new();
        let ledger = self.ledger();
        let late = ledger.replies.iter().filter(|envelope| {
            let at_once = envelope.causation_id.map(|cause| derived_id("shipping", cause, 0));
            let late = at_once != Some(envelope.id) && !seen.contains(&envelope.id);
            seen.push(envelope.id);
            late
        });
        late.map(|envelope| envelope.data.parse().expect("a reply")).collect()
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
        let Some(broker) = &self.broker else {
            let address = self.url(&format!("/internal/shipments/{order}"));
            let call = match command {
                Command::RequestShipment { .. } => Call::put(address),
                Command::CallOff { .. } => Call::delete(address),
            };
            let (status, reply) = self.command(call, command).await;
            assert_eq!(status, if reply.is_some() { 200 } else { 202 });
            return reply;
        };
        let id = Uuid::from_u128(1 << 64 | u128::from(self.commands.fetch_add(1, Ordering::Relaxed)));
        self.send(broker, &message(id, order, command)).await;
        let answer = derived_id("shipping", id, 0);
        let ledger = self.ledger();
        let reply = ledger.replies.iter().find(|envelope| envelope.id == answer);
        reply.map(|envelope| envelope.data.parse().expect("a reply"))
    }

    /// Sends a message, and waits until it is handled and what it led to at once has arrived.
    async fn send(&self, broker: &Embedded, message: &Envelope) {
        let topic = topics::SHIPPING_COMMANDS;
        broker.publish(topic, std::slice::from_ref(message)).await.expect("it is confirmed");
        until(async || broker.lag(topic, "shipping").await.expect("a broker") == 0).await;
        until(async || self.audit().await["pending"]["outbox"] == 0).await;
        until(async || broker.lag(topics::ORDERING_REPLIES, "ordering").await.expect("a broker") == 0).await;
    }

    /// Sends a message of the style `messaging`.
    pub(crate) async fn tell(&self, message: &Envelope) {
        self.send(self.broker.as_ref().expect("the style has a broker"), message).await;
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
        let log = chassis::telemetry::LogHandle::detached();
        let admin = self.app.as_ref().expect("it runs").admin().router(self.platform.build, log);
        let listener = self.platform.network.listen(ANY_PORT).expect("a port");
        let url = format!("http://{}/audit", listener.local_addr().expect("an address"));
        let server = tokio::spawn(async move { axum::serve(listener, admin).await });
        let audit = self.client.send(Call::get(url)).await.expect("an answer").json().expect("an audit");
        server.abort();
        audit
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

/// Polls until it is so; fails when it takes too long.
pub(crate) async fn until(mut is_so: impl AsyncFnMut() -> bool) {
    let polling = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), polling).await.expect("it comes to be so");
}

/// A broker, on which ordering hears replies, and a view events.
async fn broker(directory: &TempDir, ledger: &Arc<Mutex<Ledger>>) -> Embedded {
    let database = database::Options { executor: database::Executor::Inline, ..database::Options::default() };
    let options = embedded::Options { database, ..embedded::Options::default() };
    let broker = Embedded::open(&directory.path().join("broker.db"), options).await.expect("a broker");
    let note_reply: fn(&mut Ledger, Envelope) = |ledger, envelope| ledger.replies.push(envelope);
    let note_event: fn(&mut Ledger, Envelope) = |ledger, envelope| ledger.events.push(envelope);
    follow(&broker, topics::ORDERING_REPLIES, "ordering", ledger, note_reply).await;
    follow(&broker, topics::SHIPPING_EVENTS, "views", ledger, note_event).await;
    broker
}

async fn follow(
    broker: &Embedded,
    topic: &'static str,
    group: &'static str,
    ledger: &Arc<Mutex<Ledger>>,
    note: fn(&mut Ledger, Envelope),
) {
    let (broker, ledger) = (broker.clone(), Arc::clone(ledger));
    let mut subscription = broker.subscribe(topic, group, 0..broker.lanes()).await.expect("a subscription");
    tokio::spawn(async move {
        while let Ok(received) = subscription.receive(64, Duration::from_secs(60)).await {
            let positions: Vec<_> = received.iter().map(|it| (it.lane, it.position)).collect();
            for delivery in received {
                note(&mut ledger.lock().expect("no panic while locked"), delivery.envelope);
            }
            subscription.ack(&positions).await.expect("acknowledged");
        }
    });
}

fn serve_peers(platform: &Platform, peers: Peers) -> String {
    let router = Router::new()
        .route("/v1/bookings", post(book))
        .route("/internal/replies", post(hear))
        .with_state(peers);
    let listener = platform.network.listen(ANY_PORT).expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

async fn book(
    State(mut peers): State<Peers>,
    headers: HeaderMap,
    Json(body): Json<CreateBooking>,
) -> Response {
    let key = headers["idempotency-key"].to_str().expect("text").to_owned();
    let order = body.metadata.order_id;
    peers.ledger.lock().expect("no panic while locked").asked.push((key.clone(), body));
    let behaviour =
        *peers.carrier.wait_for(|behaviour| *behaviour != Carrier::Holds).await.expect("the world");
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

async fn hear(State(peers): State<Peers>, body: String) -> StatusCode {
    if *peers.ordering_is_away.borrow() {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let envelope = Envelope::from_json(&body).expect("a CloudEvent");
    peers.ledger.lock().expect("no panic while locked").replies.push(envelope);
    StatusCode::NO_CONTENT
}
