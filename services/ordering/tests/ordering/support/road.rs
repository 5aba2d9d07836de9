//! The way between ordering and another service, on which requests and answers can be held up.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use chassis::{
    client::{self, Call, HttpClient},
    limits::Limits,
    platform::Platform,
    service::Service,
};
use ordering::process::Participant;
use tokio::sync::watch;

use super::{answers::Ask, reach::request_of};

/// The way to one service. Clones are the same way.
#[derive(Clone)]
pub(crate) struct Road {
    participant: Participant,
    to: SocketAddr,
    client: HttpClient,
    gates: Arc<Gates>,
}

/// What is held up, on the way there and on the way back.
#[derive(Default)]
struct Gates {
    requests: watch::Sender<BTreeSet<Ask>>,
    answers: watch::Sender<BTreeSet<Ask>>,
    set_off: Mutex<Vec<Ask>>,
    arrived: Mutex<Vec<Ask>>,
}

impl Road {
    /// A way that begins at `from` and leads to `to`, for as long as the service lives that is returned.
    pub(super) fn open(
        platform: &Platform,
        participant: Participant,
        from: SocketAddr,
        to: SocketAddr,
    ) -> (Self, Service) {
        let client = HttpClient::new(platform, client::Options::default());
        let road = Self { participant, to, client, gates: Arc::default() };
        let mut service = Service::new("road", "rest", platform, Limits::default()).unwrap();
        service.serve(Router::new().fallback(pass).with_state(road.clone()), from).unwrap();
        (road, service)
    }

    /// Requests of this kind do not arrive until they are let go, even if nobody waits for their answers any more.
    pub(crate) fn hold(&self, ask: Ask) {
        self.gates.requests.send_if_modified(|held| held.insert(ask));
    }

    /// Requests of this kind arrive, and their answers are held up.
    pub(crate) fn hold_answers(&self, ask: Ask) {
        self.gates.answers.send_if_modified(|held| held.insert(ask));
    }

    pub(crate) fn let_go(&self, ask: Ask) {
        self.gates.requests.send_if_modified(|held| held.remove(&ask));
        self.gates.answers.send_if_modified(|held| held.remove(&ask));
    }

    /// How many requests of this kind were made, whether they arrive or not.
    pub(crate) fn set_off(&self, ask: Ask) -> usize {
        count(&self.gates.set_off, ask)
    }

    /// How many requests of this kind were answered by the service.
    pub(crate) fn arrived(&self, ask: Ask) -> usize {
        count(&self.gates.arrived, ask)
    }

    async fn travel(self, head: axum::http::request::Parts, body: Vec<u8>) -> Response {
        let asked = std::str::from_utf8(&body).ok().filter(|_| head.uri.path().starts_with("/internal/"));
        let ask = asked.map(|command| Ask::of(&request_of(self.participant, command)));
        self.gates.set_off.lock().unwrap().extend(ask);
        pass_gate(&self.gates.requests, ask).await;
        let mut call = Call::new(head.method, format!("http://{}{}", self.to, head.uri)).body(body);
        for (name, value) in &head.headers {
            if name != header::HOST && name != header::CONTENT_LENGTH {
                call = call.header(name.clone(), value.clone());
            }
        }
        let Ok(answer) = self.client.send(call).await else { return StatusCode::BAD_GATEWAY.into_response() };
        self.gates.arrived.lock().unwrap().extend(ask);
        pass_gate(&self.gates.answers, ask).await;
        let mut headers = HeaderMap::new();
        headers.extend(answer.headers.get(header::CONTENT_TYPE).map(|it| (header::CONTENT_TYPE, it.clone())));
        (answer.status, headers, Body::from(answer.body)).into_response()
    }
}

fn count(asks: &Mutex<Vec<Ask>>, ask: Ask) -> usize {
    asks.lock().unwrap().iter().filter(|it| **it == ask).count()
}

async fn pass(State(road): State<Road>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
    // What is on its way arrives, though whoever sent it may have gone away.
    tokio::spawn(road.travel(head, body)).await.unwrap()
}

async fn pass_gate(gate: &watch::Sender<BTreeSet<Ask>>, ask: Option<Ask>) {
    if let Some(ask) = ask {
        gate.subscribe().wait_for(|held| !held.contains(&ask)).await.unwrap();
    }
}
