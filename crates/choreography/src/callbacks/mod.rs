//! Callbacks: who is told only that something happened asks its owner for the rest.
//!
//! Equal questions of the same moment are one call, an answer serves for a short while, and what it told before is asked
//! for with its `ETag`, so that the answer «still the same» costs no body.

mod ask;
mod cache;
mod source;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{
    body::Bytes,
    http::{HeaderValue, StatusCode, header},
};
use chassis::{
    cause,
    client::{Call, Error as CallError, HttpClient, Response},
    context::Context,
    ids::Random,
    metrics::{self, Metrics},
    service::{self, Service},
};
use journal::{Cause, Entry};
use messaging::{Envelope, HandlerError};
use prometheus::IntCounterVec;
use tokio::time::Instant;
use uuid::Uuid;

pub use ask::Ask;
use cache::{Answer, Cache};

/// Where the other services are, by name: `http://host:port`, without a path.
pub type Addresses = BTreeMap<&'static str, String>;

/// How a service calls back.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which service calls.
    pub service: &'static str,
    /// Where the others are.
    pub addresses: Addresses,
    /// How long an owner may take to answer.
    pub timeout: Duration,
    /// For how long an answer serves.
    pub fresh: Duration,
    /// How many answers are kept.
    pub room: usize,
    /// Topics that tell when an answer is old, beside those that the service reacts to.
    pub dropped_on: &'static [&'static str],
}

impl Options {
    /// An owner may take 5 s; of its answers 1,024 are kept, and serve for 2 s.
    #[must_use]
    pub fn new(service: &'static str, addresses: Addresses) -> Self {
        let (timeout, fresh) = (Duration::from_secs(5), Duration::from_secs(2));
        Self { service, addresses, timeout, fresh, room: 1_024, dropped_on: &[] }
    }
}

/// Asks the owners of things; clones share the answers.
#[derive(Clone, Debug)]
pub struct Callbacks(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    client: HttpClient,
    options: Options,
    random: Random,
    cache: Cache,
    asked: IntCounterVec,
    bytes: IntCounterVec,
}

/// For whom and because of what something is asked.
#[derive(Clone, Debug)]
pub struct Why {
    /// For whom, in which trace, and until when.
    pub context: Context,
    /// The message that is reacted to.
    pub cause: Option<Uuid>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The owner was not reached, or did not answer in time.
    #[error("asking {owner}")]
    Unreachable {
        /// Who.
        owner: &'static str,
        /// Why.
        #[source]
        source: CallError,
    },
    /// Somebody else has just asked the same, and there was no answer.
    #[error("{owner} has just not answered the same question")]
    JustAsked {
        /// Who.
        owner: &'static str,
    },
    /// The owner answered with something else than what was asked for.
    #[error("{owner} answered {status}")]
    Refused {
        /// Who.
        owner: &'static str,
        /// What.
        status: StatusCode,
    },
    /// The owner knows an older version than the one that it has told of.
    #[error("{owner} is at version {known}, and told of version {told}")]
    Behind {
        /// Who.
        owner: &'static str,
        /// The version that it answered.
        known: u64,
        /// The version that it told of.
        told: u64,
    },
    /// The owner does not have it: there is nothing to react to any more, or the owner is another.
    #[error("{owner} does not have what it told of")]
    Gone {
        /// Who.
        owner: &'static str,
    },
    /// The answer is no document of the kind that was asked for.
    #[error("reading the answer of {owner}")]
    Unreadable {
        /// Who.
        owner: &'static str,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// Nobody said where the owner is.
    #[error("the address of {owner} is not known")]
    Unknown {
        /// Who.
        owner: &'static str,
    },
}

/// What is gone, or is not what it says, is for an operator; an owner that is away will come back.
impl From<Error> for HandlerError {
    fn from(error: Error) -> Self {
        match error {
            Error::Gone { .. } | Error::Unreadable { .. } | Error::Unknown { .. } => {
                Self::Hopeless(Box::new(error))
            }
            Error::Unreachable { .. }
            | Error::JustAsked { .. }
            | Error::Refused { .. }
            | Error::Behind { .. } => Self::Unavailable(Box::new(error)),
        }
    }
}

impl Callbacks {
    /// Those of a service, by the client that it has.
    ///
    /// # Errors
    /// Its metrics cannot be registered.
    pub fn of(service: &Service, client: &HttpClient, options: Options) -> Result<Self, service::Error> {
        let random = service.platform().random().clone();
        Ok(Self::new(client.clone(), options, random, service.metrics())?)
    }

    /// Calls by `client`, counted in `metrics`.
    ///
    /// # Errors
    /// The App counts those of others already.
    pub fn new(
        client: HttpClient,
        options: Options,
        random: Random,
        metrics: &Metrics,
    ) -> Result<Self, metrics::Error> {
        let (help, labels) = (
            "What was needed to know of others, by what it took: a call that brought it or said that it is still the same, \
             or none.",
            &["owner", "result"],
        );
        let asked = metrics.counter("callbacks_total", help, labels)?;
        let bytes = metrics.counter("callback_bytes_total", "Bytes that callbacks brought.", &["owner"])?;
        let cache = Cache::new(options.room);
        Ok(Self(Arc::new(Parts { client, options, random, cache, asked, bytes })))
    }

    /// What the owner says, at version `told` or later; a call that was made for it is added to `calls`.
    ///
    /// # Errors
    /// There is no such answer; see [`Error`].
    pub async fn ask(&self, ask: &Ask, told: u64, why: &Why, calls: &mut Vec<Entry>) -> Result<Bytes, Error> {
        let (parts, owner, wanted_at) = (&*self.0, ask.owner(), Instant::now());
        let place = parts.cache.place(&ask.key());
        // Cancelled in the middle, the place is as it was.
        let mut known = place.lock().await;
        let serves = |answer: &Answer| answer.at.elapsed() < parts.options.fresh && answer.version >= told;
        if let Some(answer) = known.answer.as_ref().filter(|answer| serves(answer)) {
            parts.count(ask, "known");
            return Ok(answer.body.clone());
        }
        // Else those who wait for an owner that is silent would each wait for all before them.
        if known.failed.is_some_and(|failed| failed > wanted_at) {
            return Err(Error::JustAsked { owner });
        }
        let answered = parts.call(ask, known.answer.as_ref(), why, calls).await;
        parts.count(ask, answered.as_ref().map_or("failed", |(_, result)| result));
        known.failed = answered.as_ref().err().map(|_| Instant::now());
        let (answer, _) = answered?;
        let (version, body) = (answer.version, answer.body.clone());
        known.answer = Some(answer);
        if version < told {
            return Err(Error::Behind { owner, known: version, told });
        }
        Ok(body)
    }

    /// What a message is the cause of is asked for on the message's behalf.
    fn because_of(&self, message: &Envelope) -> Why {
        let cause = Cause::from(message);
        let context = cause::context(&cause, self.0.options.service, &self.0.random);
        Why { context, cause: cause.id }
    }

    /// Forgets what was answered, since something happened to it.
    pub fn forget(&self, ask: &Ask) {
        self.0.cache.forget(&ask.key());
    }
}

impl Parts {
    /// Asks the owner for what is not `known` yet.
    async fn call(
        &self,
        ask: &Ask,
        known: Option<&Answer>,
        why: &Why,
        calls: &mut Vec<Entry>,
    ) -> Result<(Answer, &'static str), Error> {
        let owner = ask.owner();
        let address = self.options.addresses.get(owner).ok_or(Error::Unknown { owner })?;
        let call = self.request(ask, address, known, &why.context);
        let call = why.cause.into_iter().fold(call, Call::caused_by);
        let (answered, noted) = self.client.send_noted(call, ask.route()).await;
        calls.push(noted);
        let response = answered.map_err(|source| Error::Unreachable { owner, source })?;
        self.bytes.with_label_values(&[owner]).inc_by(response.body.len() as u64);
        let at = Instant::now();
        match (response.status, known) {
            (StatusCode::OK, _) => {
                let version = version(&response);
                Ok((Answer { version, body: response.body, at }, "fetched"))
            }
            (StatusCode::NOT_MODIFIED, Some(known)) => Ok((Answer { at, ..known.clone() }, "unchanged")),
            (StatusCode::NOT_FOUND | StatusCode::GONE, _) => Err(Error::Gone { owner }),
            (status, _) => Err(Error::Refused { owner, status }),
        }
    }

    fn request(&self, ask: &Ask, address: &str, known: Option<&Answer>, context: &Context) -> Call {
        let call = Call::get(format!("{address}{}", ask.path())).to(ask.owner());
        let call = call.for_context(context).within(self.options.timeout);
        let tag = known.and_then(|known| HeaderValue::from_str(&format!("\"{}\"", known.version)).ok());
        match tag {
            Some(tag) => call.header(header::IF_NONE_MATCH, tag),
            None => call,
        }
    }

    fn count(&self, ask: &Ask, result: &str) {
        self.asked.with_label_values(&[ask.owner(), result]).inc();
    }
}

/// The version that an answer's `ETag` tells; 0 if it tells none.
fn version(response: &Response) -> u64 {
    let tag = response.headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
    tag.and_then(|tag| tag.trim_matches('"').parse().ok()).unwrap_or(0)
}
