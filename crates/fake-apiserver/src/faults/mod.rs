//! What goes wrong between a client and an API server, on purpose: a tower layer for any service that a client is made from.
//!
//! Which request meets which fault a [script](Faults::new) says, which sees the requests in the order in which they are made; [`seeded`] is one that
//! throws dice, the same for the same seed. It covers what [Sieve](https://www.usenix.org/conference/osdi22/presentation/sun) tells apart: a
//! client that is killed after any of its writes ([`Faults::kill_after`]), events that it never sees ([`Fault::BreaksOff`], [`Fault::Stalls`]),
//! and a server that shows it an older state ([`Fault::Lags`], [`Fault::Rewound`]); and besides what a server answers, or does not, or does
//! after the client has given up.
//!
//! A client must give up by itself what is never answered: put its time-outs around this layer.

mod random;
mod script;
mod service;
mod told;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use http::{Method, request::Parts};
use kube::core::Status;
use tokio::sync::watch;
use tower::Layer;

pub use self::{random::Random, script::seeded, service::Faulty, told::Told};

/// What goes wrong with a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// It is refused, and the server sees nothing of it.
    Refused(Box<Status>),
    /// The server does what is asked, and this is answered.
    Misreported(Box<Status>),
    /// The server sees nothing of it, and nothing is answered.
    Lost,
    /// The server does what is asked, and nothing is answered.
    Unanswered,
    /// The server does it so much later, and answers then, if somebody still waits.
    Slow(Duration),
    /// Nothing is answered, and so much later the server does it.
    Late(Duration),
    /// The answer ends after so many pieces. Of a watch that is as many events.
    BreaksOff(usize),
    /// After so many pieces nothing comes any more, and no end either.
    Stalls(usize),
    /// Each piece of the answer comes so much later.
    Lags(Duration),
    /// A watch begins so many versions earlier than asked, and tells again what was told.
    Rewound(u64),
}

/// A request that a fault may meet.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Its method.
    pub method: &'a Method,
    /// Its path.
    pub path: &'a str,
    /// Whether it is a watch.
    pub watches: bool,
    /// Whether it may change something.
    pub writes: bool,
}

type Script = Box<dyn FnMut(&Asked<'_>) -> Option<Fault> + Send>;

/// The faults between one client and its server. Clones are of the same client.
#[derive(Clone)]
pub struct Faults {
    shared: Arc<Mutex<Shared>>,
    killed: watch::Sender<bool>,
}

struct Shared {
    script: Script,
    writes: u64,
    last: Option<u64>,
}

impl Faults {
    /// Faults as the script says for each request.
    #[must_use]
    pub fn new(script: impl FnMut(&Asked<'_>) -> Option<Fault> + Send + 'static) -> Self {
        let shared = Shared { script: Box::new(script), writes: 0, last: None };
        Self { shared: Arc::new(Mutex::new(shared)), killed: watch::channel(false).0 }
    }

    /// From now on nothing goes wrong any more, but for what has begun to.
    pub fn end(&self) {
        self.lock().script = Box::new(|_| None);
    }

    /// The client is as dead as a killed process after so many writes: the last of them lands, and no answer comes to it or to anything else. 0
    /// is at once.
    pub fn kill_after(&self, writes: u64) {
        self.lock().last = Some(writes);
        if writes == 0 {
            self.killed.send_replace(true);
        }
    }

    /// Waits until that has happened: then whatever used the client can be dropped.
    pub async fn killed(&self) {
        let mut killed = self.killed.subscribe();
        // The sender is in this very value.
        let _ = killed.wait_for(|killed| *killed).await;
    }

    /// How many writes there were.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.lock().writes
    }

    fn is_killed(&self) -> bool {
        *self.killed.borrow()
    }

    /// What this request meets, and whether it is the last.
    fn meet(&self, parts: &Parts) -> (Option<Fault>, bool) {
        let mut shared = self.lock();
        let query = parts.uri.query().unwrap_or_default();
        let asked = Asked {
            method: &parts.method,
            path: parts.uri.path(),
            watches: query.split('&').any(|one| matches!(one, "watch=true" | "watch=1")),
            writes: !matches!(parts.method, Method::GET | Method::HEAD) && !query.contains("dryRun=All"),
        };
        shared.writes += u64::from(asked.writes);
        let last = asked.writes && shared.last == Some(shared.writes);
        ((shared.script)(&asked), last)
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> Layer<S> for Faults {
    type Service = Faulty<S>;

    fn layer(&self, inner: S) -> Faulty<S> {
        Faulty::new(inner, self.clone())
    }
}
