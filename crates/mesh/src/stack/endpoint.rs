//! What belongs next to a transport.

use std::task::{Context, Poll};

use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use super::{client::Parts, current::Reader};
use crate::{
    BoxError,
    deadline::Header,
    timeout::{ByTry, Timeout},
    until::{UntilBody, UntilWhole},
};

/// The time-out of a try, and the header that says what it has left.
#[derive(Clone, Debug)]
pub struct EndpointLayer {
    reader: Reader<Parts>,
}

impl EndpointLayer {
    pub(super) fn new(reader: Reader<Parts>) -> Self {
        Self { reader }
    }
}

impl<S: Clone> Layer<S> for EndpointLayer {
    type Service = Endpoint<S>;

    fn layer(&self, transport: S) -> Endpoint<S> {
        let reader = self.reader.clone();
        Endpoint { inner: reader.seen().endpoint(transport), reader }
    }
}

/// A transport each of whose calls is one try.
#[derive(Clone, Debug)]
pub struct Endpoint<S> {
    inner: Timeout<Header<S>>,
    reader: Reader<Parts>,
}

impl<S, A, B> Service<Request<A>> for Endpoint<S>
where
    S: Service<Request<A>, Response = Response<B>> + Clone,
    S::Error: Into<BoxError>,
{
    type Response = Response<UntilBody<B, ByTry>>;
    type Error = BoxError;
    type Future = UntilWhole<<Header<S> as Service<Request<A>>>::Future, ByTry>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        // Here, since the one that is called must be the one that was polled.
        if self.reader.renew() {
            let transport = self.inner.inner().inner().clone();
            self.inner = self.reader.seen().endpoint(transport);
        }
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        self.inner.call(request)
    }
}
