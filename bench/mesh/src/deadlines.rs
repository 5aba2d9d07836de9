//! Deadlines and time-outs that nothing comes up to. Each subject makes its request by cloning one.

use std::{convert::Infallible, future::ready, sync::Arc};

use http::{Request, Response};
use mesh::{
    deadline::{ClientLayer, ClientPolicy, Protocol, ServerLayer, ServerPolicy},
    timeout::{Policy, TimeoutLayer},
};
use tokio::runtime::{Builder, Runtime};
use tower::{Layer, Service, service_fn};

use crate::{
    Failure,
    compare::Candidate,
    measure::{Once, Subject, calls, finish_with, within},
};

pub(crate) fn candidates() -> Result<Vec<Candidate>, Failure> {
    let runtime = Arc::new(Builder::new_current_thread().enable_time().build()?);
    let timeout = TimeoutLayer::new(Policy::default())?;
    let server = ServerLayer::new(ServerPolicy::default())?;
    let client = ClientLayer::new(ClientPolicy::default())?;
    let told = client.headers(Protocol::Http);
    let row = |name: &str, pair: Result<[Subject; 2], Failure>| Ok(Candidate::new(name, None, pair?));
    [
        row("a request with a time-out, cloned, and its answer", pair(&runtime, || service_fn(answer))),
        row("the same, answered at once", pair(&runtime, || service_fn(at_once))),
        row(
            "a time-out of a try, answered at once: no timer",
            pair(&runtime, || timeout.layer(service_fn(at_once))),
        ),
        row(
            "a time-out of a try, pending once: a timer",
            pair(&runtime, || timeout.layer(service_fn(answer))),
        ),
        row("a server's deadline", pair(&runtime, || server.layer(service_fn(answer)))),
        row("a client's deadline", pair(&runtime, || client.layer(service_fn(answer)))),
        row(
            "a client's deadline, told to the other side",
            pair(&runtime, || client.layer(told.layer(service_fn(answer)))),
        ),
    ]
    .into_iter()
    .collect()
}

fn pair<S>(runtime: &Arc<Runtime>, service: impl Fn() -> S) -> Result<[Subject; 2], Failure>
where
    S: Service<Request<()>> + Send + 'static,
{
    let subject = || -> Result<Subject, Failure> {
        let prototype = Request::get("http://orders/orders/7").header("grpc-timeout", "500m").body(())?;
        let mut service = service();
        Ok(within(runtime, calls(move || finish_with(&mut service, prototype.clone()))))
    };
    Ok([subject()?, subject()?])
}

async fn answer(request: Request<()>) -> Result<Response<()>, std::io::Error> {
    drop(request);
    Once::default().await?;
    Ok(Response::new(()))
}

fn at_once(request: Request<()>) -> std::future::Ready<Result<Response<()>, Infallible>> {
    drop(request);
    ready(Ok(Response::new(())))
}
