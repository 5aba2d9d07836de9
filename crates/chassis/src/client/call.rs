//! One call to be made.

use std::{fmt, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
};
use serde::Serialize;

use super::{Error, Peer};
use crate::context::Context;

/// A call: what to send where, for whom, and how long to wait for the answer.
#[derive(Clone, Debug)]
pub struct Call {
    method: Method,
    url: String,
    headers: HeaderMap,
    body: Bytes,
    context: Option<Context>,
    timeout: Option<Duration>,
    peer: Peer,
}

impl Call {
    /// A call without a body, of nobody.
    #[must_use]
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        Call {
            method,
            url: url.into(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            context: None,
            timeout: None,
            peer: Peer::default(),
        }
    }

    /// `GET`.
    #[must_use]
    pub fn get(url: impl Into<String>) -> Self {
        Self::new(Method::GET, url)
    }

    /// `POST`.
    #[must_use]
    pub fn post(url: impl Into<String>) -> Self {
        Self::new(Method::POST, url)
    }

    /// `PUT`.
    #[must_use]
    pub fn put(url: impl Into<String>) -> Self {
        Self::new(Method::PUT, url)
    }

    /// `PATCH`.
    #[must_use]
    pub fn patch(url: impl Into<String>) -> Self {
        Self::new(Method::PATCH, url)
    }

    /// `DELETE`.
    #[must_use]
    pub fn delete(url: impl Into<String>) -> Self {
        Self::new(Method::DELETE, url)
    }

    /// To this service, as metrics name it; its address is no label.
    #[must_use]
    pub fn to(mut self, service: &'static str) -> Self {
        self.peer = Peer(service);
        self
    }

    /// On behalf of a request: its actor, trace, key and deadline go along.
    #[must_use]
    pub fn for_context(mut self, context: &Context) -> Self {
        self.context = Some(context.clone());
        self
    }

    /// With this header, in place of any of the same name.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// With this body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// With this body as JSON.
    ///
    /// # Errors
    /// `body` has no JSON form: a map whose keys are not strings, say.
    pub fn json(self, body: &impl Serialize) -> Result<Self, Error> {
        match serde_json::to_vec(body) {
            Ok(json) => {
                let json_type = HeaderValue::from_static("application/json");
                Ok(self.header(header::CONTENT_TYPE, json_type).body(json))
            }
            Err(source) => Err(Error::Malformed { call: self.to_string(), source: source.into() }),
        }
    }

    /// The answer is waited for this long at most, however late the context's deadline is.
    #[must_use]
    pub fn within(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    pub(super) fn body_len(&self) -> usize {
        self.body.len()
    }

    pub(super) fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    pub(super) fn method(&self) -> &Method {
        &self.method
    }

    pub(super) fn peer(&self) -> Peer {
        self.peer
    }

    pub(super) fn context(&self) -> Option<&Context> {
        self.context.as_ref()
    }

    /// The request; `propagate` adds the context's headers, over which the call's own win.
    pub(super) fn into_request(
        self,
        propagate: impl FnOnce(&Context, &mut HeaderMap),
    ) -> Result<Request, Error> {
        let call = self.to_string();
        let mut headers = HeaderMap::new();
        if let Some(context) = &self.context {
            propagate(context, &mut headers);
        }
        for (name, value) in &self.headers {
            headers.insert(name, value.clone());
        }
        let request = Request::builder().method(self.method).uri(self.url).body(Body::from(self.body));
        let mut request = request.map_err(|source| Error::Malformed { call, source: source.into() })?;
        *request.headers_mut() = headers;
        Ok(request)
    }
}

/// The method and the URL.
impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.url)
    }
}
