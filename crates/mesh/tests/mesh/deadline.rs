//! Deadlines on the way in, on the way out and on the wire, under a paused clock.

mod client;
mod header;
mod server;

use std::{
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use http::{Request, Response};
use mesh::{
    BoxError, Refused, Why,
    deadline::{ClientLayer, ClientPolicy, Deadline, Exceeded, Protocol, ServerLayer, ServerPolicy},
};
use tokio::time::{Instant, advance};
use tower::{Layer, Service, ServiceExt};

use crate::server::{Answer, Answered, Server};

const SECOND: Duration = Duration::from_secs(1);
const MILLISECOND: Duration = Duration::from_millis(1);

/// The server, with a look at what it was asked.
#[derive(Clone, Default)]
struct Seen {
    server: Server,
    requests: Arc<Mutex<Vec<Asked>>>,
}

/// A request, and the deadline that its call had.
type Asked = (Request<()>, Option<Deadline>);

impl Seen {
    fn will(answers: impl IntoIterator<Item = Answer>) -> Self {
        let seen = Self::default();
        seen.server.will(answers);
        seen
    }

    /// The last request that it was asked.
    fn request(&self) -> Request<()> {
        self.last().0
    }

    /// How long the last request has left.
    fn left(&self) -> Duration {
        self.last().1.expect("a deadline").left()
    }

    fn last(&self) -> Asked {
        let requests = self.requests.lock().expect("no test panics while it holds this");
        requests.last().cloned().expect("a request")
    }
}

impl Service<Request<()>> for Seen {
    type Response = Response<()>;
    type Error = BoxError;
    type Future = Answered;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Service::poll_ready(&mut self.server, context)
    }

    fn call(&mut self, request: Request<()>) -> Answered {
        let asked = (request.clone(), Deadline::of(&request));
        self.requests.lock().expect("no test panics while it holds this").push(asked);
        self.server.call(request)
    }
}

fn asking(pairs: &[(&str, &str)]) -> Request<()> {
    let builder =
        pairs.iter().fold(Request::builder(), |builder, (name, value)| builder.header(*name, *value));
    builder.body(()).expect("a request")
}

fn until(deadline: Deadline) -> Request<()> {
    Request::builder().extension(deadline).body(()).expect("a request")
}

fn is_out_of_time<T>(result: Result<T, BoxError>) -> bool {
    let error = result.err().expect("an error");
    error.downcast_ref::<Refused>().is_some_and(|refused| refused.why() == Why::OutOfTime)
}

fn is_exceeded<T>(result: Result<T, BoxError>) -> bool {
    result.err().expect("an error").is::<Exceeded>()
}
