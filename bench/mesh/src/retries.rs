//! Retries with nothing to retry and hedges that do not fire, which is what nearly every call is.
//!
//! A request is kept for another attempt by cloning it, so what that costs stands beside them: each subject makes its request by cloning one.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use mesh::{
    BoxError,
    classify::Http,
    hedge::{self, HedgeLayer},
    retry::{self, RetryLayer},
};
use tokio::runtime::Builder;
use tower::{Layer, Service, service_fn};

use crate::{
    Failure,
    compare::Candidate,
    measure::{Once, Subject, calls, finish_with, within},
    report::Goal,
};

const ONE: &str = "a request with 8 headers, cloned";
const TWO: &str = "the same, cloned twice";

pub(crate) fn candidates() -> Result<Vec<Candidate>, Failure> {
    let goal = Goal::More(100.0, TWO.into());
    Ok(vec![
        Candidate::single(ONE, None, bare(Clone::clone)?),
        Candidate::single(TWO, None, bare(|request| std::hint::black_box(request).clone().clone())?),
        Candidate::new("retry, nothing to retry, a clone in and one kept", Some(goal), retries(3)?),
        Candidate::new("retry with one attempt, a clone in", None, retries(1)?),
        Candidate::new("hedge that does not fire, a clone in and one kept", None, hedges()?),
    ])
}

fn bare(
    clone: impl Fn(&Request<Empty<Bytes>>) -> Request<Empty<Bytes>> + Send + 'static,
) -> Result<Subject, Failure> {
    let (prototype, mut service) = (prototype()?, service_fn(answer));
    Ok(calls(move || finish_with(&mut service, clone(&prototype))))
}

fn retries(attempts: u32) -> Result<[Subject; 2], Failure> {
    let layer = RetryLayer::new(retry::Policy { attempts, ..retry::Policy::default() }, Http::new())?;
    Ok([subject(layer.layer(service_fn(answer)))?, subject(layer.layer(service_fn(answer)))?])
}

/// Once it knows how long calls take, each call has a timer.
fn hedges() -> Result<[Subject; 2], Failure> {
    let layer = HedgeLayer::new(hedge::Policy::default(), Http::new())?;
    let runtime = Arc::new(Builder::new_current_thread().enable_time().build()?);
    let one = within(&runtime, subject(layer.layer(service_fn(answer)))?);
    Ok([one, within(&runtime, subject(layer.layer(service_fn(answer)))?)])
}

fn subject<S>(mut service: S) -> Result<Subject, Failure>
where
    S: Service<Request<Empty<Bytes>>> + Send + 'static,
{
    let prototype = prototype()?;
    Ok(calls(move || finish_with(&mut service, prototype.clone())))
}

async fn answer<B>(request: Request<B>) -> Result<Response<()>, BoxError> {
    drop(request);
    Once::default().await?;
    Ok(Response::new(()))
}

pub(crate) fn prototype() -> Result<Request<Empty<Bytes>>, Failure> {
    let headers = [
        "accept",
        "accept-encoding",
        "authorization",
        "host",
        "traceparent",
        "user-agent",
        "via",
        "x-request-id",
    ];
    let request = Request::get("http://orders/orders/7");
    let request =
        headers.iter().fold(request, |request, name| request.header(*name, "a value of some length"));
    Ok(request.body(Empty::new())?)
}
