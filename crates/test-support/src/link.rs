//! A link between a service and those who call it, which can be made to misbehave.

use std::{
    collections::HashMap,
    fmt,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use chassis::{
    client::{self, Call, HttpClient},
    limits::Limits,
    platform::Platform,
    server::Server,
    shutdown::{self, Trigger},
};

/// What becomes of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is handed on, and so is the answer.
    Pass,
    /// It is handed on after a while.
    Slow(Duration),
    /// It is not handed on; the answer is 500.
    Fail,
    /// It is handed on, and what was answered is lost; the answer is 500.
    Lose,
    /// It is handed on, and the answer comes after a while: late, if the caller does not wait that long.
    Late(Duration),
    /// It is handed on twice, and the second answer is the answer.
    Twice,
}

/// A request on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passing {
    /// Its method.
    pub method: Method,
    /// Its path and query.
    pub path: String,
    /// How often the same was asked for, this time included.
    pub nth: u32,
}

type Fates = Box<dyn FnMut(&Passing) -> Fate + Send>;

/// A running link. It ends when it is dropped.
#[derive(Debug)]
pub struct Link {
    address: SocketAddr,
    switch: Arc<Mutex<Switch>>,
    _running: Trigger,
}

struct Switch {
    fates: Fates,
    seen: HashMap<(Method, String), u32>,
    disturbed: u32,
}

/// What a handler needs.
#[derive(Clone)]
struct Wire {
    upstream: SocketAddr,
    client: HttpClient,
    switch: Arc<Mutex<Switch>>,
}

impl Link {
    /// A link to `upstream`, which need not be there yet, over which everything passes for now.
    ///
    /// # Errors
    /// There is no free port.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn to(upstream: SocketAddr, platform: &Platform) -> std::io::Result<Self> {
        let switch = Arc::new(Mutex::new(Switch {
            fates: Box::new(|_| Fate::Pass),
            seen: HashMap::new(),
            disturbed: 0,
        }));
        let client = HttpClient::new(platform, client::Options::default());
        let wire = Wire { upstream, client, switch: switch.clone() };
        let listener = platform.network.listen(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let address = listener.local_addr()?;
        let (running, drain) = shutdown::drain();
        let router = Router::new().fallback(carry).with_state(wire);
        platform.spawn(Server::new(router, listener, Limits::default()).run(drain));
        Ok(Self { address, switch, _running: running })
    }

    /// Where callers find it.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What becomes of requests from now on.
    pub fn misbehave(&self, fates: impl FnMut(&Passing) -> Fate + Send + 'static) {
        self.switch().fates = Box::new(fates);
    }

    /// How many requests have not just passed.
    #[must_use]
    pub fn disturbed(&self) -> u32 {
        self.switch().disturbed
    }

    fn switch(&self) -> MutexGuard<'_, Switch> {
        self.switch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Switch {
    fn decide(&mut self, method: &Method, path: &str) -> Fate {
        let seen = self.seen.entry((method.clone(), path.to_owned())).or_default();
        *seen += 1;
        let fate = (self.fates)(&Passing { method: method.clone(), path: path.to_owned(), nth: *seen });
        self.disturbed += u32::from(fate != Fate::Pass);
        fate
    }
}

impl fmt::Debug for Switch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Switch").field("disturbed", &self.disturbed).finish_non_exhaustive()
    }
}

async fn carry(State(wire): State<Wire>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let fate = wire.switch.lock().unwrap_or_else(PoisonError::into_inner).decide(&head.method, path);
    let hand_on = || wire.hand_on(&head.method, &head.uri, &head.headers, &body);
    match fate {
        Fate::Pass => hand_on().await,
        Fate::Fail => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Fate::Slow(pause) => {
            tokio::time::sleep(pause).await;
            hand_on().await
        }
        Fate::Late(pause) => {
            let answer = hand_on().await;
            tokio::time::sleep(pause).await;
            answer
        }
        Fate::Lose => {
            drop(hand_on().await);
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
        Fate::Twice => {
            drop(hand_on().await);
            hand_on().await
        }
    }
}

impl Wire {
    async fn hand_on(&self, method: &Method, uri: &Uri, headers: &HeaderMap, body: &Bytes) -> Response {
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let mut call =
            Call::new(method.clone(), format!("http://{}{path}", self.upstream)).body(body.clone());
        for (name, value) in headers {
            if name != header::HOST && name != header::CONTENT_LENGTH {
                call = call.header(name.clone(), value.clone());
            }
        }
        match self.client.send(call).await {
            Ok(answer) => {
                let mut response = Response::new(Body::from(answer.body));
                *response.status_mut() = answer.status;
                *response.headers_mut() = answer.headers;
                response.headers_mut().remove(header::TRANSFER_ENCODING);
                response
            }
            Err(_) => StatusCode::BAD_GATEWAY.into_response(),
        }
    }
}

#[cfg(test)]
mod tests;
