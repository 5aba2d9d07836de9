//! What belongs next to a transport.

use std::task::{Context, Poll};

use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use super::{client::Parts, current::Reader};
use crate::{
    BoxError,
    deadline::Header,
    timeout::ByTry,
    until::{UntilBody, UntilWhole},
};

/// The time-out of a try, and the header that says what it has left: those of the route of each request, as it arrives here.
#[derive(Clone, Debug)]
pub struct EndpointLayer {
    reader: Reader<Parts>,
}

impl EndpointLayer {
    pub(super) fn new(reader: Reader<Parts>) -> Self {
        Self { reader }
    }
}

impl<S> Layer<S> for EndpointLayer {
    type Service = Endpoint<S>;

    fn layer(&self, transport: S) -> Endpoint<S> {
        Endpoint { transport, reader: self.reader.clone() }
    }
}

/// A transport each of whose calls is one try.
#[derive(Clone, Debug)]
pub struct Endpoint<S> {
    transport: S,
    reader: Reader<Parts>,
}

impl<S, A, B> Service<Request<A>> for Endpoint<S>
where
    S: Service<Request<A>, Response = Response<B>>,
    S::Error: Into<BoxError>,
{
    type Response = Response<UntilBody<B, ByTry>>;
    type Error = BoxError;
    type Future = UntilWhole<<Header<S> as Service<Request<A>>>::Future, ByTry>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.transport.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        // Around the transport that was polled, and not around a clone.
        self.reader.get().endpoint(&request, &mut self.transport).call(request)
    }
}
