//! Ordering, as a participant meets it where it is in charge: it asks by requests or by messages, and hears what it is answered.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "for tests, which fail by it")]

use std::{
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::State, http::StatusCode, routing::post};
use chassis::{
    client::{Call, HttpClient},
    platform::Platform,
    service::Running,
    telemetry::LogHandle,
};
use contracts::{Style, topics::ORDERING_REPLIES};
use messaging::{
    Broker, Envelope, Publisher, derived_id,
    embedded::{self, Embedded},
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::watch;
use uuid::Uuid;

use crate::owner::ANY_PORT;

/// What it heard, in order, repetitions included.
#[derive(Debug, Default)]
pub struct Heard {
    /// What it was answered.
    pub replies: Vec<Envelope>,
    /// What was published of the participant's aggregates.
    pub events: Vec<Envelope>,
}

/// Ordering, of one participant; clones are the same one.
#[derive(Clone, Debug)]
pub struct Orderer {
    participant: &'static str,
    broker: Option<Embedded>,
    heard: Arc<Mutex<Heard>>,
    away: watch::Sender<bool>,
    asked: Arc<AtomicU32>,
}

impl Orderer {
    /// One that asks so; but in `rest` there is a broker, with a file in `directory`.
    pub async fn new(style: Style, participant: &'static str, directory: &Path) -> Self {
        let (heard, away) = (Arc::default(), watch::Sender::new(false));
        let mut orderer = Self { participant, broker: None, heard, away, asked: Arc::default() };
        if style != Style::Rest {
            let broker = open(directory).await;
            orderer.follow(&broker, ORDERING_REPLIES, "ordering", |heard| &mut heard.replies).await;
            let events = format!("{participant}.events");
            orderer.follow(&broker, &events, "views", |heard| &mut heard.events).await;
            orderer.broker = Some(broker);
        }
        orderer
    }

    /// The broker, if there is one.
    #[must_use]
    pub const fn broker(&self) -> Option<&Embedded> {
        self.broker.as_ref()
    }

    /// Where it is called back.
    pub fn routes(&self) -> Router {
        Router::new().route("/internal/replies", post(hear)).with_state(self.clone())
    }

    /// Whether it answers 503 where it is called back.
    pub fn is_away(&self, away: bool) {
        self.away.send_replace(away);
    }

    /// What it heard.
    pub fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap()
    }

    /// An id for a message that no other has.
    #[must_use]
    pub fn next_id(&self) -> Uuid {
        Uuid::from_u128(1 << 64 | u128::from(self.asked.fetch_add(1, Ordering::Relaxed)))
    }

    /// Sends a message, and waits until it is handled and what it led to at once has arrived: until nothing of it is
    /// `unsent`.
    pub async fn tell(&self, message: &Envelope, mut unsent: impl AsyncFnMut() -> bool) {
        let broker = self.broker.as_ref().unwrap();
        let topic = format!("{}.commands", self.participant);
        broker.publish(&topic, std::slice::from_ref(message)).await.unwrap();
        until(async || broker.lag(&topic, self.participant).await.unwrap() == 0).await;
        until(async || !unsent().await).await;
        until(async || broker.lag(ORDERING_REPLIES, "ordering").await.unwrap() == 0).await;
    }

    /// What a message was answered at once.
    #[must_use]
    pub fn answer_to<R: DeserializeOwned>(&self, message: Uuid) -> Option<R> {
        let answer = derived_id(self.participant, message, 0);
        let heard = self.heard();
        let reply = heard.replies.iter().find(|envelope| envelope.id == answer);
        reply.map(|envelope| envelope.data.parse().unwrap())
    }

    /// What it was told late, without repetitions and without what answers a message at once.
    #[must_use]
    pub fn late_answers<R: DeserializeOwned>(&self) -> Vec<R> {
        let mut seen: Vec<Uuid> = Vec::new();
        let heard = self.heard();
        let late = heard.replies.iter().filter(|envelope| {
            let at_once = envelope.causation_id.map(|cause| derived_id(self.participant, cause, 0));
            let late = at_once != Some(envelope.id) && !seen.contains(&envelope.id);
            seen.push(envelope.id);
            late
        });
        late.map(|envelope| envelope.data.parse().unwrap()).collect()
    }

    async fn follow(
        &self,
        broker: &Embedded,
        topic: &str,
        group: &str,
        into: fn(&mut Heard) -> &mut Vec<Envelope>,
    ) {
        let orderer = self.clone();
        let mut subscription = broker.subscribe(topic, group, 0..broker.lanes()).await.unwrap();
        tokio::spawn(async move {
            while let Ok(received) = subscription.receive(64, Duration::from_secs(60)).await {
                let positions: Vec<_> = received.iter().map(|it| (it.lane, it.position)).collect();
                into(&mut orderer.heard()).extend(received.into_iter().map(|it| it.envelope));
                subscription.ack(&positions).await.unwrap();
            }
        });
    }
}

/// Polls until it is so; fails when it takes too long.
pub async fn until(mut is_so: impl AsyncFnMut() -> bool) {
    let polling = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), polling).await.unwrap();
}

/// What an App says of itself for `verify`: what there is still to be done, too.
pub async fn audit(app: &Running, platform: &Platform, client: &HttpClient) -> Value {
    let admin = app.admin().router(platform.build, LogHandle::detached());
    let listener = platform.network.listen(ANY_PORT).unwrap();
    let url = format!("http://{}/audit", listener.local_addr().unwrap());
    let server = tokio::spawn(async move { axum::serve(listener, admin).await });
    let audit = client.send(Call::get(url)).await.unwrap().json().unwrap();
    server.abort();
    audit
}

async fn open(directory: &Path) -> Embedded {
    let database = database::Options { executor: database::Executor::Inline, ..database::Options::default() };
    let options = embedded::Options { database, ..embedded::Options::default() };
    Embedded::open(&directory.join("broker.db"), options).await.unwrap()
}

async fn hear(State(orderer): State<Orderer>, body: String) -> StatusCode {
    if *orderer.away.borrow() {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    orderer.heard().replies.push(Envelope::from_json(&body).unwrap());
    StatusCode::NO_CONTENT
}
