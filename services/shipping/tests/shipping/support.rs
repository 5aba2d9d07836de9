//! A shipping service between a scripted carrier and a scripted ordering.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
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
use chassis::{
    client::{self, Call, HttpClient},
    limits::Limits,
    platform::Platform,
};
use contracts::{
    Line, OrderId,
    outside::carrier::{BOOKING_REFUSED, CreateBooking},
    page::Page,
    shipping::{Command, Reply, Shipment, ShipmentStatus},
};
use database::Clock;
use messaging::Envelope;
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
    app: Option<App>,
    pub(crate) client: HttpClient,
    carrier: watch::Sender<Carrier>,
    ordering_is_away: watch::Sender<bool>,
    ledger: Arc<Mutex<Ledger>>,
}

impl World {
    pub(crate) fn start(behaviour: Carrier) -> Self {
        let platform = Platform::simulated(1, Clock::system());
        let (carrier, carrier_seen) = watch::channel(behaviour);
        let (ordering_is_away, away_seen) = watch::channel(false);
        let ledger = Arc::default();
        let peers = Peers { carrier: carrier_seen, ordering_is_away: away_seen, ledger: Arc::clone(&ledger) };
        let url = serve_peers(&platform, peers);
        let directory = tempfile::tempdir().expect("a temporary directory");
        let config = Config {
            reach: Reach::Rest(url.clone()),
            listen: ANY_PORT,
            database: directory.path().join("shipping.db"),
            carrier_url: url,
            carrier_timeout: Duration::from_secs(5),
            carrier_backoff: Backoff { first: Duration::from_millis(1), most: Duration::from_millis(5) },
            limits: Limits::default(),
        };
        let client = HttpClient::new(&platform, client::Options::default());
        let mut world =
            Self { directory, platform, config, app: None, client, carrier, ordering_is_away, ledger };
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

    /// What ordering was told of late, without repetitions.
    pub(crate) fn late_answers(&self) -> Vec<Reply> {
        let mut seen: Vec<Uuid> = Vec::new();
        let ledger = self.ledger();
        let fresh = ledger.replies.iter().filter(|envelope| {
            let fresh = !seen.contains(&envelope.id);
            seen.push(envelope.id);
            fresh
        });
        fresh.map(|envelope| envelope.data.parse().expect("a reply")).collect()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.app.as_ref().expect("it runs").address())
    }

    pub(crate) async fn request(&self, order: OrderId) -> (u16, Option<Reply>) {
        self.command(Call::put(self.url(&format!("/internal/shipments/{order}"))), &request(order)).await
    }

    pub(crate) async fn call_off(&self, order: OrderId) -> (u16, Option<Reply>) {
        let command = Command::CallOff { order_id: order };
        self.command(Call::delete(self.url(&format!("/internal/shipments/{order}"))), &command).await
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
