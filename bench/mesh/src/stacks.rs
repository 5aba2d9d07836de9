//! Whole stacks, of policies as they are by default. Each subject makes its request by cloning one, so what that costs stands beside them.

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use mesh::{
    BoxError, client, retry, server,
    stack::{AttemptPolicy, ClientPolicy, ServerPolicy},
};
use tokio::runtime::{Builder, Runtime};
use tower::{Layer, Service, service_fn};

use crate::{
    Failure, allocations,
    compare::Candidate,
    measure::{Once, Subject, calls, finish_with, within},
    report::Goal,
    retries::prototype,
};

const BARE: &str = "a request with 8 headers, cloned, and its answer";
const MICROSECOND: f64 = 1_000.0;

pub(crate) fn candidates() -> Result<Vec<Candidate>, Failure> {
    let runtime = Arc::new(Builder::new_current_thread().enable_time().build()?);
    let mut bare = subject(&runtime, service_fn(answer::<BoxError, _>))?;
    let cloned = allocations::per_call(&mut bare, 1_000);
    let more = |times: f64| Some(Goal::More(times * MICROSECOND, BARE.into()));
    let once = pair(&runtime, ClientPolicy::default())?;
    let retry = AttemptPolicy::Retry(retry::Policy::default());
    let again = pair(&runtime, ClientPolicy { attempts: retry, ..ClientPolicy::default() })?;
    let layer = server(ServerPolicy::default())?;
    let routes = || layer.layer(service_fn(answer::<Infallible, _>));
    Ok(vec![
        Candidate::single(BARE, None, bare),
        Candidate::new("client", more(1.0), once).allocates(4.0 + cloned),
        Candidate::new("client with retries", more(2.0), again).allocates(4.0 + 2.0 * cloned),
        Candidate::new("server", more(1.0), [subject(&runtime, routes())?, subject(&runtime, routes())?])
            .allocates(4.0 + cloned),
    ])
}

fn pair(runtime: &Arc<Runtime>, policy: ClientPolicy) -> Result<[Subject; 2], Failure> {
    let layer = client(policy)?;
    let service = || layer.layer(layer.endpoint().layer(service_fn(answer::<BoxError, _>)));
    Ok([subject(runtime, service())?, subject(runtime, service())?])
}

fn subject<S>(runtime: &Arc<Runtime>, mut service: S) -> Result<Subject, Failure>
where
    S: Service<Request<Full<Bytes>>> + Send + 'static,
{
    let prototype = prototype()?.map(|_| Full::default());
    Ok(within(runtime, calls(move || finish_with(&mut service, prototype.clone()))))
}

async fn answer<E, B>(request: Request<B>) -> Result<Response<Full<Bytes>>, E> {
    drop(request);
    drop(Once::default().await);
    Ok(Response::new(Full::default()))
}
