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
use crate::BoxError;

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

    /// Beside those of other limits that the call has passed.
    fn add_to(&self, headers: &mut HeaderMap, standing: Standing) {
        let Standing { remaining, whole_in } = standing;
        let value = format!("\"{}\";r={remaining};t={}", self.name, seconds_rounded_up(whole_in));
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
    /// The call of the inner service, whose answer says how much is left.
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
        let told = this.told.take();
        Poll::Ready(result.map_err(Into::into).map(|mut response| {
            if let Some((fields, standing)) = told {
                fields.add_to(response.headers_mut(), standing);
            }
            response
        }))
    }
}
