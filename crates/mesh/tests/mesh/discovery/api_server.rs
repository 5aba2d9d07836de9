//! An API server that keeps slices, tells those who watch, and fails as it is told. It speaks HTTP's values and JSON to a real client.

use std::{
    collections::{BTreeMap, VecDeque},
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{Request, Response, Uri};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use kube::Client;
use mesh::BoxError;
use serde_json::{Value, json};
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::{Instant, timeout_at},
};

/// What it does with a request instead of answering it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    Status(u16),
    Breaks,
    Hangs,
    Says(&'static str),
}

/// What is written to those who watch: a line, or that the connection breaks. Without it, it ends.
type Line = Result<Bytes, BoxError>;

#[derive(Default)]
struct State {
    slices: BTreeMap<String, Value>,
    version: u64,
    /// Every change with its version. Those up to `forgotten` are no more.
    log: Vec<(u64, Value)>,
    forgotten: u64,
    watching: Vec<UnboundedSender<Line>>,
    faults: VecDeque<Fault>,
    requests: Vec<(Instant, Uri)>,
    /// Watches do not end when their time is over.
    stalls: bool,
    /// Lists are allowed, watches are not.
    only_lists: bool,
}

#[derive(Clone, Default)]
pub(crate) struct ApiServer(Arc<Mutex<State>>);

type Body = UnsyncBoxBody<Bytes, BoxError>;

impl ApiServer {
    pub(crate) fn client(&self) -> Client {
        let server = self.clone();
        let service = tower::service_fn(move |request: Request<kube::client::Body>| {
            server.answer(request.uri().clone())
        });
        Client::new(service, "default")
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no test panics while it holds this")
    }

    /// A slice with these endpoints, each with whether it is ready.
    pub(crate) fn has(&self, name: &str, endpoints: &[(&str, bool)]) {
        let mut state = self.state();
        state.version += 1;
        let slice = slice(name, state.version, endpoints);
        let kind =
            if state.slices.insert(name.to_owned(), slice.clone()).is_some() { "MODIFIED" } else { "ADDED" };
        state.tell(kind, &slice);
    }

    pub(crate) fn loses(&self, name: &str) {
        let mut state = self.state();
        state.version += 1;
        let mut slice = state.slices.remove(name).expect("a slice that was there");
        slice["metadata"]["resourceVersion"] = state.version.to_string().into();
        state.tell("DELETED", &slice);
    }

    /// Something else has changed, so that the version is another.
    pub(crate) fn bookmarks(&self) {
        let mut state = self.state();
        state.version += 10;
        let metadata = json!({"resourceVersion": state.version.to_string()});
        let bookmark =
            json!({"kind": "EndpointSlice", "apiVersion": "discovery.k8s.io/v1", "metadata": metadata});
        state.write(&json!({"type": "BOOKMARK", "object": bookmark}));
    }

    /// What has been is forgotten; who watches from there is told that it is gone.
    pub(crate) fn forgets(&self) {
        let mut state = self.state();
        state.version += 10;
        state.forgotten = state.version;
        state.log.clear();
    }

    /// What was told is forgotten, and nothing besides: who has heard all can go on.
    pub(crate) fn forgets_what_was_told(&self) {
        let mut state = self.state();
        state.forgotten = state.version;
        state.log.clear();
    }

    /// The same slices under versions that begin anew, as from a backup.
    pub(crate) fn is_restored(&self) {
        let mut state = self.state();
        state.version = 1;
        state.log.clear();
        state.watching.clear();
    }

    /// What it does with the next requests.
    pub(crate) fn will(&self, faults: impl IntoIterator<Item = Fault>) {
        self.state().faults.extend(faults);
    }

    /// It fails no more.
    pub(crate) fn is_well(&self) {
        self.state().faults.clear();
    }

    /// From now on watches are open for ever, and say nothing.
    pub(crate) fn stalls(&self) {
        self.state().stalls = true;
    }

    /// From now on watches are refused, and lists are not.
    pub(crate) fn only_lists(&self) {
        self.state().only_lists = true;
        self.ends_watches();
    }

    /// What watchers are told from here on goes nowhere, though their connections stay open.
    pub(crate) fn loses_connections(&self) -> impl Sized + use<> {
        std::mem::take(&mut self.state().watching)
    }

    /// Every watch ends.
    pub(crate) fn ends_watches(&self) {
        self.state().watching.clear();
    }

    /// Every watch breaks, in the middle of a line.
    pub(crate) fn breaks_watches(&self) {
        for watcher in self.state().watching.drain(..) {
            let _ = watcher.send(Ok(Bytes::from_static(br#"{"type":"ADDED","obj"#)));
            let _ = watcher.send(Err("the connection is reset".into()));
        }
    }

    pub(crate) fn says(&self, line: &'static str) {
        for watcher in &self.state().watching {
            let _ = watcher.send(Ok(Bytes::from_static(line.as_bytes())));
        }
    }

    /// How many watch it.
    pub(crate) fn watchers(&self) -> usize {
        self.state().watching.iter().filter(|watcher| !watcher.is_closed()).count()
    }

    pub(crate) fn lists(&self) -> usize {
        self.questions().iter().filter(|question| !question.contains("watch=true")).count()
    }

    pub(crate) fn watches(&self) -> usize {
        self.questions().iter().filter(|question| question.contains("watch=true")).count()
    }

    pub(crate) fn questions(&self) -> Vec<String> {
        self.state().requests.iter().map(|(_, uri)| uri.to_string()).collect()
    }

    /// How long it was from one request to the next.
    pub(crate) fn pauses(&self) -> Vec<Duration> {
        let times: Vec<_> = self.state().requests.iter().map(|(when, _)| *when).collect();
        times.windows(2).map(|two| two[1] - two[0]).collect()
    }

    fn answer(&self, uri: Uri) -> impl Future<Output = Result<Response<Body>, BoxError>> + Send + use<> {
        let mut state = self.state();
        state.requests.push((Instant::now(), uri.clone()));
        let fault = state.faults.pop_front();
        let answer = if fault.is_some() { None } else { Some(state.truth(&uri)) };
        async move {
            match fault {
                None => Ok(answer.expect("an answer where there is no fault")),
                Some(Fault::Status(code)) => Ok(status(code)),
                Some(Fault::Says(text)) => Ok(Response::new(full(text.as_bytes().to_vec()))),
                Some(Fault::Breaks) => Err("the connection is refused".into()),
                Some(Fault::Hangs) => std::future::pending().await,
            }
        }
    }
}

impl State {
    fn tell(&mut self, kind: &str, slice: &Value) {
        let event = json!({"type": kind, "object": slice});
        self.log.push((self.version, event.clone()));
        self.write(&event);
    }

    fn write(&self, event: &Value) {
        for watcher in &self.watching {
            let _ = watcher.send(Ok(line(event)));
        }
    }

    fn truth(&mut self, uri: &Uri) -> Response<Body> {
        let question: BTreeMap<_, _> =
            uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('=')).collect();
        assert_eq!(uri.path(), "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices");
        assert_eq!(question["labelSelector"], "kubernetes.io%2Fservice-name%3Dorders");
        if question.contains_key("watch") {
            let number = |name: &str| question[name].parse().expect("a number");
            return self.watch(number("resourceVersion"), number("timeoutSeconds"));
        }
        self.list(question.get("continue").copied())
    }

    /// Two slices a page.
    fn list(&self, after: Option<&str>) -> Response<Body> {
        let rest = self.slices.iter().filter(|(name, _)| after.is_none_or(|after| name.as_str() > after));
        let names: Vec<_> = rest.clone().map(|(name, _)| name).collect();
        let page: Vec<_> = rest.map(|(_, slice)| slice).take(2).collect();
        let next = if names.len() > 2 { names[1].as_str() } else { "" };
        let metadata = json!({"resourceVersion": self.version.to_string(), "continue": next});
        let list = json!({"kind": "EndpointSliceList", "apiVersion": "discovery.k8s.io/v1", "metadata": metadata, "items": page});
        Response::new(full(list.to_string().into_bytes()))
    }

    fn watch(&mut self, from: u64, seconds: u64) -> Response<Body> {
        if self.only_lists {
            return status(403);
        }
        if from > self.version {
            return status(504); // so the API server says that it has not come so far
        }
        let (sender, receiver) = unbounded_channel();
        if from < self.forgotten {
            let gone = json!({"kind": "Status", "status": "Failure", "reason": "Expired", "message": "too old resource version", "code": 410});
            let _ = sender.send(Ok(line(&json!({"type": "ERROR", "object": gone}))));
        } else {
            for (_, event) in self.log.iter().filter(|(version, _)| *version > from) {
                let _ = sender.send(Ok(line(event)));
            }
            self.watching.push(sender);
        }
        let time = if self.stalls { Duration::from_secs(86_400) } else { Duration::from_secs(seconds) };
        Response::new(lines(receiver, Instant::now() + time))
    }
}

fn slice(name: &str, version: u64, endpoints: &[(&str, bool)]) -> Value {
    let endpoints: Vec<_> = endpoints
        .iter()
        .map(|(address, ready)| json!({"addresses": [address], "conditions": {"ready": ready, "serving": ready, "terminating": false}}))
        .collect();
    json!({
        "metadata": {"name": name, "namespace": "shop", "resourceVersion": version.to_string()},
        "addressType": "IPv4",
        "endpoints": endpoints,
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
    })
}

fn line(event: &Value) -> Bytes {
    format!("{event}\n").into()
}

fn status(code: u16) -> Response<Body> {
    let text = json!({"kind": "Status", "status": "Failure", "reason": "", "message": "no", "code": code});
    let mut response = Response::new(full(text.to_string().into_bytes()));
    *response.status_mut() = code.try_into().expect("a status");
    response
}

fn full(text: Vec<u8>) -> Body {
    Full::new(Bytes::from(text)).map_err(|never: Infallible| match never {}).boxed_unsync()
}

/// Lines as they come, until none can come or the time is over.
fn lines(receiver: UnboundedReceiver<Line>, until: Instant) -> Body {
    let lines = stream::unfold(receiver, move |mut receiver| async move {
        let line = timeout_at(until, receiver.recv()).await.ok()??;
        Some((line, receiver))
    });
    StreamBody::new(lines.map(|line| line.map(Frame::data))).boxed_unsync()
}
