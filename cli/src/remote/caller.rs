//! Asks one address, and again where that helps.

use std::time::Duration;

use axum::{
    extract::Request,
    http::{HeaderMap, StatusCode, header::RETRY_AFTER},
    response::Response as Streamed,
};
use chassis::client::{self, Call, HttpClient, Response};
use tokio::time::{Instant, sleep};

use super::{Address, Error, Pushback, pushback::Counter};

/// The first pause before asking again; each is twice the one before, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Asks one address. What it asks can be asked twice: it is a read, it carries a key, or it says how a thing should be.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    client: HttpClient,
    address: Address,
    whose: &'static str,
    option: &'static str,
    /// For how long to ask again what may be answered later; none at all unless told.
    patience: Duration,
    /// What was asked again.
    again: Counter,
}

impl Caller {
    pub(super) fn new(
        client: HttpClient,
        address: Address,
        whose: &'static str,
        option: &'static str,
    ) -> Self {
        Self { client, address, whose, option, patience: Duration::ZERO, again: Counter::default() }
    }

    /// One that asks again for this long.
    pub(super) fn patient(&self, patience: Duration) -> Self {
        Self { patience, ..self.clone() }
    }

    /// How often it, and what was cloned of it, has asked again.
    pub(super) fn pushback(&self) -> Pushback {
        self.again.read()
    }

    /// The URL of a path here.
    pub(super) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// The answer, which is a success.
    ///
    /// # Errors
    /// There is none, or it is none, and asking again has not helped or does not.
    pub(super) async fn ask(&self, call: Call) -> Result<Response, Error> {
        self.ask_until(call, StatusCode::is_success).await
    }

    /// The answer, once its status is one that is `welcome`.
    ///
    /// # Errors
    /// As for [`ask`](Self::ask).
    pub(super) async fn ask_until(
        &self,
        call: Call,
        welcome: fn(&StatusCode) -> bool,
    ) -> Result<Response, Error> {
        let give_up = Instant::now() + self.patience;
        let mut pause = FIRST_PAUSE;
        loop {
            let answered = self.client.send(call.clone()).await;
            let wait = match &answered {
                Ok(response) if welcome(&response.status) => None,
                Ok(response) => pause_after(response.status, &response.headers, pause),
                Err(error) => may_pass(error).then_some(pause),
            };
            match wait {
                Some(wait) if Instant::now() + wait < give_up => {
                    self.again.count(answered.ok().map(|response| response.status));
                    sleep(wait).await;
                }
                _ => return self.judge(&call, answered, welcome),
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// An answer whose body is read as it comes.
    ///
    /// # Errors
    /// There is none; nothing is asked again.
    pub(super) async fn stream(&self, request: Request) -> Result<Streamed, Error> {
        self.client.stream(request).await.map_err(|source| self.no_answer(source))
    }

    fn judge(
        &self,
        call: &Call,
        answered: Result<Response, client::Error>,
        welcome: fn(&StatusCode) -> bool,
    ) -> Result<Response, Error> {
        let response = answered.map_err(|source| self.no_answer(source))?;
        if welcome(&response.status) {
            return Ok(response);
        }
        Err(match response.problem() {
            Some(problem) => Error::Refused { call: call.to_string(), problem: Box::new(problem) },
            None => Error::Foreign { call: call.to_string(), status: response.status },
        })
    }

    fn no_answer(&self, source: client::Error) -> Error {
        let Self { whose, address, option, .. } = self;
        Error::NoAnswer { whose, address: address.clone(), option, source }
    }
}

/// How long to wait before the same is asked again, if it may be answered otherwise then.
fn pause_after(status: StatusCode, headers: &HeaderMap, pause: Duration) -> Option<Duration> {
    let asked = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let asked = asked.map(Duration::from_secs);
    match status {
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => Some(asked.unwrap_or(pause)),
        // The first request under this key is still being worked on.
        StatusCode::CONFLICT => asked,
        _ => None,
    }
}

/// Whether an error may be gone the next time.
const fn may_pass(error: &client::Error) -> bool {
    use client::Error::{Broken, TimedOut, Unreachable};
    matches!(error, Unreachable { .. } | TimedOut { .. } | Broken { .. })
}
