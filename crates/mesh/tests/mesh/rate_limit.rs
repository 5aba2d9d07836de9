//! The limit in front of a server, under a paused clock. Each test says what the caller saw, and whether the server was called.

mod headers;
mod keys;
mod rules;

use std::time::Duration;

use http::{HeaderName, Request, Response};
use mesh::{
    BoxError, Refused, Why,
    rate_limit::{Header, Policy, RateLimit, RateLimitLayer},
};
use tokio::time::advance;
use tower::{Layer, Service, ServiceExt};

use crate::server::{Answer, Server};

const SECOND: Duration = Duration::from_secs(1);
const MILLISECOND: Duration = Duration::from_millis(1);

/// Two at once, and one each half second.
fn policy() -> Policy {
    Policy { calls: 2, per: SECOND, burst: 2, ..Policy::default() }
}

fn limit() -> RateLimitLayer {
    RateLimitLayer::new(policy()).expect("a policy in its ranges")
}

async fn call<S>(service: &mut S) -> Result<Response<()>, BoxError>
where
    S: Service<Request<()>, Response = Response<()>, Error = BoxError>,
{
    service.ready().await?.call(Request::new(())).await
}

fn refusal<T>(result: Result<T, BoxError>) -> Refused {
    *result.err().expect("a refusal").downcast().expect("a refusal, and no other error")
}

/// In how long a call passes, by a refusal.
async fn refused<S>(service: &mut S) -> Duration
where
    S: Service<Request<()>, Response = Response<()>, Error = BoxError>,
{
    let refused = refusal(call(service).await);
    assert_eq!(refused.why(), Why::RateLimited);
    refused.retry_in().expect("a time")
}
