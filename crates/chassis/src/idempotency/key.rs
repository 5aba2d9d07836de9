//! The key of a request, and what it stands for.

use axum::{
    extract::{FromRequest, FromRequestParts, MatchedPath, Request},
    http::{header, request::Parts},
};
use journal::Cause;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::store::ScopedKey;
use crate::{
    cause,
    context::Context,
    extract::{check_is_json, parse_json, read_body},
    problem::Problem,
};

/// The caller's key, checked: 1 to 255 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(pub Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let context = Context::from_request_parts(parts, state).await?;
        Ok(IdempotencyKey(context.idempotency_key))
    }
}

/// A request that may come again under the same key: its body, and the key.
#[derive(Clone, Debug)]
pub struct Keyed<T> {
    /// What the body says.
    pub body: T,
    /// What the request is recognised by.
    pub key: Key,
}

/// Of a request whose body says nothing: none, or any JSON.
pub type NoBody = serde::de::IgnoredAny;

/// What a request is recognised by, if the caller gave a key, and the cause that it is of what is done for it.
#[derive(Clone, Debug)]
pub struct Key {
    given: Option<Given>,
    pub(super) cause: Cause,
    /// What the request asks for, as the journal calls it.
    pub(super) command: &'static str,
}

#[derive(Clone, Debug)]
struct Given {
    key: String,
    route: String,
    caller: String,
    fingerprint: [u8; 32],
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Keyed<T> {
    type Rejection = Problem;

    /// As [`Json`](crate::extract::Json); an absent body reads as `null`, which [`NoBody`] and options take.
    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let context = Context::from_request_parts(&mut parts, state).await?;
        let request = Request::from_parts(parts.clone(), body);
        let has_type = parts.headers.contains_key(header::CONTENT_TYPE);
        let bytes = read_body(request, state).await?;
        let body = match serde_json::from_slice(b"null") {
            Ok(nothing) if bytes.is_empty() && !has_type => nothing,
            _ => {
                check_is_json(&parts.headers)?;
                parse_json(&bytes)?
            }
        };
        Ok(Keyed { body, key: Key::of(&context, &parts, &bytes) })
    }
}

impl Key {
    /// Of a caller that gave none.
    #[must_use]
    pub fn none() -> Self {
        Key { given: None, cause: Cause::default(), command: "" }
    }

    /// Of a request with this body.
    #[must_use]
    pub fn of(context: &Context, parts: &Parts, body: &[u8]) -> Self {
        let cause = cause::of_request(context, parts);
        let Some(key) = context.idempotency_key.clone() else { return Key { cause, ..Key::none() } };
        let template = parts.extensions.get().map_or(parts.uri.path(), MatchedPath::as_str);
        let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
        let given = Given {
            key,
            route: format!("{} {template}", parts.method),
            caller: context.actor.clone(),
            // The template leaves open which order, say: two orders under one key are two requests.
            fingerprint: hash(&[target.as_bytes(), body]),
        };
        Key { given: Some(given), cause, ..Key::none() }
    }

    /// Why what the request asks for is done.
    #[must_use]
    pub const fn cause(&self) -> &Cause {
        &self.cause
    }

    /// The same, known to ask for `command` and to be about `subject`, whose journal tells of it: of what is done, and of a
    /// refusal that is kept.
    #[must_use]
    pub fn about(self, command: &'static str, subject: Uuid) -> Self {
        Key { cause: self.cause.about(subject), command, ..self }
    }

    pub(super) fn scoped(&self, style: &str) -> Option<ScopedKey> {
        let given = self.given.as_ref()?;
        let scope = [style, &given.route, &given.caller, &given.key].map(str::as_bytes);
        Some(ScopedKey { key: hash(&scope), fingerprint: given.fingerprint })
    }
}

/// A hash of the parts that does not confuse where one ends and the next begins.
fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}
