//! A client of the public API.

use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header::RETRY_AFTER};
use chassis::{
    client::{Call, HttpClient, Options, Response},
    platform::Platform,
    trace::TRACEPARENT,
};
use contracts::{OrderId, Style, ordering::Order, page::Page};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::patience::until;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const PREFER: HeaderName = HeaderName::from_static("prefer");

/// A client of the gateway at one address, which changes with every start of the system.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    http: HttpClient,
    gateway: String,
    impatient: bool,
    traceparent: Option<String>,
}

/// Why nobody knows whether something was done.
#[derive(Debug)]
pub(crate) enum NoAnswer {
    /// There was none.
    Lost,
    /// It was to come back later.
    NotNow(Response),
}

/// Something to be asked for, which can be asked for again.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) key: String,
    /// For how many seconds to wait for the outcome.
    pub(crate) wait: u64,
    pub(crate) body: Option<Value>,
}

impl Client {
    /// One that talks to nobody yet.
    pub(crate) fn new() -> Self {
        Self::over(&Platform::system())
    }

    /// One of the platform's network that talks to nobody yet.
    pub(crate) fn over(platform: &Platform) -> Self {
        // A scrape of two styles is a mebibyte.
        let options = Options { max_body: 8 * 1024 * 1024, ..Options::default() };
        let http = HttpClient::new(platform, options);
        Self { http, gateway: String::new(), impatient: false, traceparent: None }
    }

    /// The same, of this gateway.
    pub(crate) fn of(&self, gateway: &str) -> Self {
        Self { gateway: gateway.to_owned(), ..self.clone() }
    }

    pub(crate) const fn http(&self) -> &HttpClient {
        &self.http
    }

    /// The same, which does not ask again where the answer is to come back later.
    pub(crate) fn impatient(&self) -> Self {
        Self { impatient: true, ..self.clone() }
    }

    /// The same, in a trace of its own.
    pub(crate) fn within(&self, traceparent: &str) -> Self {
        Self { traceparent: Some(traceparent.to_owned()), ..self.clone() }
    }

    /// Asks once.
    ///
    /// # Errors
    /// There is no answer.
    pub(crate) async fn ask_once(&self, request: &Request) -> Result<Response, NoAnswer> {
        self.http.send(self.call(request)).await.map_err(|_| NoAnswer::Lost)
    }

    /// Asks until there is an answer that decides something.
    ///
    /// # Errors
    /// There is no answer, so that nobody knows whether it was done.
    pub(crate) async fn ask(&self, request: &Request) -> Result<Response, NoAnswer> {
        let decided = async || match self.ask_once(request).await {
            Ok(response) if !asks_for_patience(&response) => Ok(Ok(response)),
            Ok(response) if self.impatient => Ok(Err(NoAnswer::NotNow(response))),
            Ok(response) => Err(format!("{response:?}")),
            Err(lost) => Ok(Err(lost)),
        };
        until(&format!("{request:?}"), decided).await
    }

    /// What there is at a path.
    ///
    /// # Errors
    /// There is no answer.
    ///
    /// # Panics
    /// If there is nothing.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, NoAnswer> {
        let request =
            Request { method: Method::GET, path: path.to_owned(), key: String::new(), wait: 0, body: None };
        let response = self.ask(&request).await?;
        assert!(response.is_success(), "GET {path}: {response:?}");
        Ok(response.json().unwrap())
    }

    /// An order as it is now.
    ///
    /// # Errors
    /// There is no answer.
    pub(crate) async fn order(&self, style: Style, id: OrderId) -> Result<Order, NoAnswer> {
        self.get(&format!("/{style}/v1/orders/{id}?include=invoice")).await
    }

    /// Every order of a style.
    ///
    /// # Errors
    /// There is no answer.
    pub(crate) async fn orders(&self, style: Style) -> Result<Vec<Order>, NoAnswer> {
        let mut orders = Vec::new();
        let mut cursor = String::new();
        loop {
            let Page { items, next } = self.get(&format!("/{style}/v1/orders?limit=100{cursor}")).await?;
            orders.extend(items);
            let Some(next) = next else { return Ok(orders) };
            cursor = format!("&cursor={next}");
        }
    }

    fn call(&self, request: &Request) -> Call {
        let Request { method, path, key, wait, body } = request;
        let text = |text: String| HeaderValue::try_from(text).unwrap();
        let call = Call::new(method.clone(), format!("{}{path}", self.gateway));
        let call = call.header(PREFER, text(format!("wait={wait}")));
        let call = match &self.traceparent {
            Some(traceparent) => call.header(TRACEPARENT, text(traceparent.clone())),
            None => call,
        };
        let call = if key.is_empty() { call } else { call.header(IDEMPOTENCY_KEY, text(key.clone())) };
        body.as_ref().map_or(call.clone(), |body| call.json(body).unwrap())
    }
}

/// Whether the answer is to ask again, since nothing was decided.
fn asks_for_patience(response: &Response) -> bool {
    match response.status {
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => true,
        // The same request is still being worked on.
        StatusCode::CONFLICT => response.headers.contains_key(RETRY_AFTER),
        _ => false,
    }
}
