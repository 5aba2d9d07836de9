//! The systems outside, as a test has them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use chassis::{context::IDEMPOTENCY_KEY, platform::Platform, problem::Problem};
use contracts::outside::{
    mail::SendMessage,
    payment::{CARD_DECLINED, CreateCharge},
};
use serde_json::json;
use test_support::orderer::Orderer;
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
}

/// The payment provider and the mail service; clones are the same.
#[derive(Clone)]
pub(crate) struct Peers {
    pub(crate) payment: watch::Sender<Payment>,
    pub(crate) mail_is_away: watch::Sender<bool>,
    ledger: Arc<Mutex<Ledger>>,
}

impl Peers {
    pub(super) fn new(behaviour: Payment) -> Self {
        let (payment, mail_is_away) = (watch::Sender::new(behaviour), watch::Sender::new(false));
        Self { payment, mail_is_away, ledger: Arc::default() }
    }

    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().expect("no panic while locked")
    }

    /// Serves both, and what ordering is called back at, and tells where.
    pub(super) fn serve(&self, platform: &Platform, ordering: &Orderer) -> String {
        let router = Router::new()
            .route("/v1/charges", post(charge))
            .route("/v1/messages", post(mail))
            .with_state(self.clone())
            .merge(ordering.routes());
        let listener = platform.network.listen(ANY_PORT).expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
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
