//! A billing service between scripted systems outside and a scripted ordering.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
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
use billing::{App, Config, Reach};
use chassis::service::Running;
use chassis::{
    client::{self, Call, HttpClient},
    context::{IDEMPOTENCY_KEY, TIMEOUT_MS},
    limits::Limits,
    platform::Platform,
    problem::Problem,
    retention::Retention,
};
use contracts::{
    CustomerId, OrderId, Style,
    billing::{BillTo, Command, Invoice, InvoiceStatus, Reply},
    outside::{
        mail::SendMessage,
        payment::{CARD_DECLINED, CreateCharge},
    },
    page::Page,
    topics::{self, kinds},
};
use database::Clock;
use messaging::{
    Broker, Data, Envelope, Publisher, derived_id,
    embedded::{self, Embedded},
};
use saga::tasks::Backoff;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;
use uuid::Uuid;

pub(crate) const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// How the payment provider behaves from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Payment {
    Accepts,
    DeclinesHard,
    DeclinesSoftly,
    /// It declines the first attempt softly and accepts the next.
    DeclinesOnce,
    /// It answers 503.
    Away,
    /// It takes the money, and its answer gets lost.
    Loses,
    /// It does not answer until it behaves otherwise.
    Holds,
}

/// What the peers heard and did.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// The key of every request to the payment provider.
    pub(crate) asked: Vec<String>,
    /// What the provider was asked for, and answered for good, by key.
    pub(crate) charges: BTreeMap<String, CreateCharge>,
    pub(crate) declines: BTreeMap<String, &'static str>,
    /// Every request to the mail service: its key and what it was about.
    pub(crate) mails: Vec<(String, SendMessage)>,
    /// What ordering was told, in order, repetitions included.
    pub(crate) replies: Vec<Envelope>,
    /// What was published of invoices, in order, repetitions included.
    pub(crate) events: Vec<Envelope>,
}

#[derive(Clone)]
struct Peers {
    payment: watch::Receiver<Payment>,
    mail_is_away: watch::Receiver<bool>,
    ordering_is_away: watch::Receiver<bool>,
    ledger: Arc<Mutex<Ledger>>,
}

/// The service and its peers.
pub(crate) struct World {
    _directory: TempDir,
    pub(crate) platform: Platform,
    config: Config,
    app: Option<Running>,
    client: HttpClient,
    payment: watch::Sender<Payment>,
    mail_is_away: watch::Sender<bool>,
    ordering_is_away: watch::Sender<bool>,
    ledger: Arc<Mutex<Ledger>>,
    broker: Option<Embedded>,
    commands: AtomicU32,
}

impl World {
    pub(crate) async fn start(style: Style, behaviour: Payment) -> Self {
        let platform = Platform::simulated(1, Clock::system());
        let (payment, payment_seen) = watch::channel(behaviour);
        let (mail_is_away, mail_seen) = watch::channel(false);
        let (ordering_is_away, ordering_seen) = watch::channel(false);
        let ledger = Arc::<Mutex<Ledger>>::default();
        let peers = Peers {
            payment: payment_seen,
            mail_is_away: mail_seen,
            ordering_is_away: ordering_seen,
            ledger: Arc::clone(&ledger),
        };
        let directory = tempfile::tempdir().expect("a temporary directory");
        let peers = serve_peers(&platform, peers);
        let broker = match style {
            Style::Rest => None,
            _ => Some(broker(&directory, &ledger).await),
        };
        let reach = match &broker {
            None => Reach::Rest(peers.clone()),
            Some(broker) => Reach::Messaging(Arc::new(broker.clone())),
        };
        let config = config(&directory, reach, &peers);
        let client = HttpClient::new(&platform, client::Options::default());
        let mut world = Self {
            _directory: directory,
            platform,
            config,
            app: None,
            client,
            payment,
            mail_is_away,
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
        self.app = Some(App::build(&self.config, &self.platform).expect("the service starts"));
    }

    /// Ends the service as a crash would: nothing is finished, nothing is said.
    pub(crate) fn crash(&mut self) {
        self.app = None;
    }

    pub(crate) fn payment(&self, behaviour: Payment) {
        self.payment.send_replace(behaviour);
    }

    pub(crate) fn mail_is_away(&self, away: bool) {
        self.mail_is_away.send_replace(away);
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
            let at_once = envelope.causation_id.map(|cause| derived_id("billing", cause, 0));
            let late = at_once != Some(envelope.id) && !seen.contains(&envelope.id);
            seen.push(envelope.id);
            late
        });
        late.map(|envelope| envelope.data.parse().expect("a reply")).collect()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.app.as_ref().expect("it runs").address())
    }

    /// Has an invoice issued as ordering does in the style, and returns what is answered at once.
    pub(crate) async fn issue(&self, order: OrderId) -> Option<Reply> {
        let Some(broker) = &self.broker else {
            let (status, reply) = self.issue_at(order, &command(order)).await;
            assert_eq!(status, if reply.is_some() { 200 } else { 202 });
            return reply;
        };
        let id = Uuid::from_u128(1 << 64 | u128::from(self.commands.fetch_add(1, Ordering::Relaxed)));
        self.send(broker, &message(id, order, &command(order))).await;
        let answer = derived_id("billing", id, 0);
        let ledger = self.ledger();
        let reply = ledger.replies.iter().find(|envelope| envelope.id == answer);
        reply.map(|envelope| envelope.data.parse().expect("a reply"))
    }

    /// Sends a message, and waits until it is handled and what it led to at once has arrived.
    async fn send(&self, broker: &Embedded, message: &Envelope) {
        let topic = topics::BILLING_COMMANDS;
        broker.publish(topic, std::slice::from_ref(message)).await.expect("it is confirmed");
        until(async || broker.lag(topic, "billing").await.expect("a broker") == 0).await;
        until(async || self.audit().await["pending"]["outbox"] == 0).await;
        until(async || broker.lag(topics::ORDERING_REPLIES, "ordering").await.expect("a broker") == 0).await;
    }

    /// Sends a message of the style `messaging`.
    pub(crate) async fn tell(&self, message: &Envelope) {
        self.send(self.broker.as_ref().expect("the style has a broker"), message).await;
    }

    pub(crate) async fn issue_at(&self, path: OrderId, command: &Command) -> (u16, Option<Reply>) {
        let call = Call::put(self.url(&format!("/internal/invoices/{path}")));
        let response = self.client.send(call.json(command).expect("a command has JSON")).await;
        let response = response.expect("an answer");
        (response.status.as_u16(), response.json().ok())
    }

    pub(crate) async fn get(&self, path: &str) -> client::Response {
        self.client.send(Call::get(self.url(path))).await.expect("an answer")
    }

    pub(crate) async fn invoice(&self, order: OrderId) -> Option<Invoice> {
        let response = self.get(&format!("/v1/invoices?order_id={order}")).await;
        let mut page: Page<Invoice> = response.json().expect("a page");
        assert_eq!(page.next, None);
        page.items.pop()
    }

    /// Pays, and tells the status and the code of the problem or the invoice's status.
    pub(crate) async fn pay(&self, order: OrderId) -> (u16, String) {
        self.pay_with(order, None, None).await
    }

    pub(crate) async fn pay_with(
        &self,
        order: OrderId,
        key: Option<&str>,
        timeout_ms: Option<u64>,
    ) -> (u16, String) {
        let mut call = Call::post(self.url(&format!("/v1/invoices/{order}/pay")));
        if let Some(key) = key {
            call = call.header(IDEMPOTENCY_KEY, key.parse().expect("visible ASCII"));
        }
        if let Some(timeout) = timeout_ms {
            call = call.header(TIMEOUT_MS, timeout.into());
        }
        let response = self.client.send(call).await.expect("an answer");
        let body: Value = response.json().expect("a body");
        let told = body.get("code").unwrap_or(&body["status"]).as_str().expect("text").to_owned();
        (response.status.as_u16(), told)
    }

    pub(crate) async fn until_status(&self, order: OrderId, status: InvoiceStatus) {
        until(async || self.invoice(order).await.map(|invoice| invoice.status) == Some(status)).await;
    }

    pub(crate) async fn until_asked(&self, times: usize) {
        until(async || self.ledger().asked.len() >= times).await;
    }

    pub(crate) async fn until_told(&self, times: usize) {
        until(async || self.late_answers().len() >= times).await;
    }

    pub(crate) async fn until_at_rest(&self) {
        until(async || self.audit().await["pending"] == json!({"outbox": 0, "parked": 0, "tasks": 0})).await;
    }

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

fn config(directory: &TempDir, reach: Reach, peers: &str) -> Config {
    Config {
        reach,
        listen: ANY_PORT,
        database: directory.path().join("billing.db"),
        payment_url: peers.to_owned(),
        mail_url: peers.to_owned(),
        call_timeout: Duration::from_secs(5),
        call_backoff: Backoff { first: Duration::from_millis(1), most: Duration::from_millis(5) },
        decline_backoff: Backoff { first: Duration::from_millis(1), most: Duration::from_millis(5) },
        pay_wait: Duration::from_secs(20),
        limits: Limits::default(),
        retention: Retention::default(),
    }
}

pub(crate) fn order(number: u128) -> OrderId {
    OrderId::new(Uuid::from_u128(number))
}

pub(crate) fn command(order_id: OrderId) -> Command {
    Command::IssueInvoice {
        order_id,
        customer_id: CustomerId::new(Uuid::from_u128(7)),
        reference: Some("web-4711".parse().expect("a reference")),
        amount: serde_json::from_value(json!({"amount": 1299, "currency": "EUR"})).expect("money"),
        bill_to: BillTo {
            name: "Ada Lovelace".parse().expect("a name"),
            email: "ada@example.org".parse().expect("an address"),
        },
    }
}

/// A command as ordering sends it.
pub(crate) fn message(id: Uuid, order: OrderId, command: &Command) -> Envelope {
    let data = Data::of(command).expect("a command has JSON");
    let mut message = Envelope::new(id, "ordering", kinds::BILLING_COMMAND, &order.to_string(), 0, data);
    message.correlation_id = Some(order.uuid());
    message.traceparent = Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned());
    message
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
    follow(&broker, topics::BILLING_EVENTS, "views", ledger, note_event).await;
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
        .route("/v1/charges", post(charge))
        .route("/v1/messages", post(mail))
        .route("/internal/replies", post(hear))
        .with_state(peers);
    let listener = platform.network.listen(ANY_PORT).expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

fn key(headers: &HeaderMap) -> String {
    headers[IDEMPOTENCY_KEY].to_str().expect("text").to_owned()
}

async fn charge(
    State(mut peers): State<Peers>,
    headers: HeaderMap,
    Json(body): Json<CreateCharge>,
) -> Response {
    let key = key(&headers);
    peers.ledger.lock().expect("no panic while locked").asked.push(key.clone());
    let behaviour =
        *peers.payment.wait_for(|behaviour| *behaviour != Payment::Holds).await.expect("the world");
    let mut ledger = peers.ledger.lock().expect("no panic while locked");
    if !ledger.charges.contains_key(&key) && !ledger.declines.contains_key(&key) {
        let decline = match behaviour {
            Payment::Away | Payment::Holds => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
            Payment::DeclinesHard => Some("hard"),
            Payment::DeclinesSoftly => Some("soft"),
            Payment::DeclinesOnce => key.ends_with("/1").then_some("soft"),
            Payment::Accepts | Payment::Loses => None,
        };
        match decline {
            Some(decline) => {
                ledger.declines.insert(key.clone(), decline);
            }
            None => {
                ledger.charges.insert(key.clone(), body.clone());
            }
        }
    }
    if behaviour == Payment::Loses {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    if let Some(decline) = ledger.declines.get(&key) {
        let problem = Problem::new(StatusCode::PAYMENT_REQUIRED, CARD_DECLINED, "No.").body();
        let mut declined = serde_json::to_value(problem).expect("JSON");
        declined["decline_code"] = json!(decline);
        return (StatusCode::PAYMENT_REQUIRED, Json(declined)).into_response();
    }
    let CreateCharge { amount, currency, reference, metadata } = body;
    Json(json!({
        "id": format!("ch-{key}"), "amount": amount, "currency": currency, "reference": reference,
        "metadata": metadata, "created_at": "2026-01-31T12:00:00Z",
    }))
    .into_response()
}

async fn mail(State(peers): State<Peers>, headers: HeaderMap, Json(body): Json<SendMessage>) -> Response {
    peers.ledger.lock().expect("no panic while locked").mails.push((key(&headers), body));
    if *peers.mail_is_away.borrow() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let message = json!({"id": "m1", "accepted_at": "2026-01-31T12:00:00Z"});
    (StatusCode::ACCEPTED, Json(message)).into_response()
}

async fn hear(State(peers): State<Peers>, body: String) -> StatusCode {
    if *peers.ordering_is_away.borrow() {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let envelope = Envelope::from_json(&body).expect("a CloudEvent");
    peers.ledger.lock().expect("no panic while locked").replies.push(envelope);
    StatusCode::NO_CONTENT
}
