//! The systems outside, and ordering, as a test has them.

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
use chassis::{context::IDEMPOTENCY_KEY, platform::Platform, problem::Problem};
use contracts::{
    outside::{
        mail::SendMessage,
        payment::{CARD_DECLINED, CreateCharge},
    },
    topics,
};
use messaging::{
    Broker, Envelope,
    embedded::{self, Embedded},
};
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::watch;

use super::ANY_PORT;

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

/// The payment provider, the mail service, and ordering; clones are the same.
#[derive(Clone)]
pub(crate) struct Peers {
    pub(crate) payment: watch::Sender<Payment>,
    pub(crate) mail_is_away: watch::Sender<bool>,
    pub(crate) ordering_is_away: watch::Sender<bool>,
    ledger: Arc<Mutex<Ledger>>,
}

impl Peers {
    pub(super) fn new(behaviour: Payment) -> Self {
        let away = || watch::Sender::new(false);
        let payment = watch::Sender::new(behaviour);
        Self { payment, mail_is_away: away(), ordering_is_away: away(), ledger: Arc::default() }
    }

    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().expect("no panic while locked")
    }

    /// Serves all of them, and tells where.
    pub(super) fn serve(&self, platform: &Platform) -> String {
        let router = Router::new()
            .route("/v1/charges", post(charge))
            .route("/v1/messages", post(mail))
            .route("/internal/replies", post(hear))
            .with_state(self.clone());
        let listener = platform.network.listen(ANY_PORT).expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    /// A broker, on which ordering hears replies, and a view events.
    pub(super) async fn broker(&self, directory: &TempDir) -> Embedded {
        let database =
            database::Options { executor: database::Executor::Inline, ..database::Options::default() };
        let options = embedded::Options { database, ..embedded::Options::default() };
        let broker = Embedded::open(&directory.path().join("broker.db"), options).await.expect("a broker");
        let note_reply: fn(&mut Ledger, Envelope) = |ledger, envelope| ledger.replies.push(envelope);
        let note_event: fn(&mut Ledger, Envelope) = |ledger, envelope| ledger.events.push(envelope);
        self.follow(&broker, topics::ORDERING_REPLIES, "ordering", note_reply).await;
        self.follow(&broker, topics::BILLING_EVENTS, "views", note_event).await;
        broker
    }

    async fn follow(
        &self,
        broker: &Embedded,
        topic: &'static str,
        group: &'static str,
        note: fn(&mut Ledger, Envelope),
    ) {
        let (broker, peers) = (broker.clone(), self.clone());
        let mut subscription =
            broker.subscribe(topic, group, 0..broker.lanes()).await.expect("a subscription");
        tokio::spawn(async move {
            while let Ok(received) = subscription.receive(64, Duration::from_secs(60)).await {
                let positions: Vec<_> = received.iter().map(|it| (it.lane, it.position)).collect();
                for delivery in received {
                    note(&mut peers.ledger(), delivery.envelope);
                }
                subscription.ack(&positions).await.expect("acknowledged");
            }
        });
    }
}

fn key(headers: &HeaderMap) -> String {
    headers[IDEMPOTENCY_KEY].to_str().expect("text").to_owned()
}

async fn charge(State(peers): State<Peers>, headers: HeaderMap, Json(body): Json<CreateCharge>) -> Response {
    let key = key(&headers);
    peers.ledger().asked.push(key.clone());
    let mut payment = peers.payment.subscribe();
    let behaviour = *payment.wait_for(|behaviour| *behaviour != Payment::Holds).await.expect("the world");
    let mut ledger = peers.ledger();
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
    peers.ledger().mails.push((key(&headers), body));
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
    peers.ledger().replies.push(envelope);
    StatusCode::NO_CONTENT
}
