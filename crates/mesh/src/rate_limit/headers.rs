//! What answers say of the limit: the fields of draft-ietf-httpapi-ratelimit-headers-11 (May 2026).

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{HeaderMap, HeaderName, HeaderValue, Response};
use pin_project_lite::pin_project;

use super::{
    Policy,
    gcra::{Quota, Standing},
};
use crate::{BoxError, Refused};

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// A limit as answers tell it. The quota is the burst and its window the time in which that is whole again, which is the same rate as the policy's: `r` calls
/// pass at once, and `q` after `t` seconds.
#[derive(Debug)]
pub(super) struct Fields {
    policy: HeaderValue,
    name: String,
}

impl Fields {
    /// `None` if the policy's name can be in no header, which its check has ruled out.
    pub(super) fn new(policy: &Policy, quota: &Quota) -> Option<Self> {
        let Policy { name, burst, .. } = policy;
        let window = seconds_rounded_up(quota.tolerance());
        let policy = format!("\"{name}\";q={burst};w={window}").try_into().ok()?;
        Some(Self { policy, name: name.clone() })
    }

    /// Of a call that passed.
    fn add_to(&self, headers: &mut HeaderMap, standing: Standing) {
        self.add(headers, standing.remaining, standing.whole_in);
    }

    /// Of a call that did not: none passes for so many nanoseconds, after which it may come again, and `t` says the same as `Retry-After`.
    pub(super) fn add_to_refusal(&self, headers: &mut HeaderMap, wait: u64) {
        self.add(headers, 0, wait);
    }

    /// Beside those of other limits that the call has passed.
    fn add(&self, headers: &mut HeaderMap, remaining: u64, nanos: u64) {
        let value = format!("\"{}\";r={remaining};t={}", self.name, seconds_rounded_up(nanos));
        if let Ok(value) = value.try_into() {
            headers.append(RATE_LIMIT, value);
            headers.append(RATE_LIMIT_POLICY, self.policy.clone());
        }
    }
}

const fn seconds_rounded_up(nanos: u64) -> u64 {
    nanos.div_ceil(1_000_000_000)
}

pin_project! {
    /// The call of the inner service, whose answer, or refusal, says how much is left.
    #[derive(Debug)]
    pub struct ResponseFuture<F> {
        #[pin]
        future: F,
        told: Option<(Arc<Fields>, Standing)>,
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn new(future: F, told: Option<(Arc<Fields>, Standing)>) -> Self {
        Self { future, told }
    }
}

impl<F, B, Error> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, Error>>,
    Error: Into<BoxError>,
{
    type Output = Result<Response<B>, BoxError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Poll::Ready(result) = this.future.poll(context) else { return Poll::Pending };
        let mut result = result.map_err(Into::into);
        if let Some((fields, standing)) = this.told.take() {
            match &mut result {
                Ok(response) => fields.add_to(response.headers_mut(), standing),
                Err(error) => {
                    if let Some(refused) = error.downcast_mut::<Refused>() {
                        refused.tell(|headers| fields.add_to(headers, standing));
                    }
                }
            }
        }
        Poll::Ready(result)
    }
}
