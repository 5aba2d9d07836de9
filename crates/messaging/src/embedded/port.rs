//! The embedded broker behind the port.

use std::ops::Range;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::time::Instant;

use super::{Embedded, LANES};
use crate::broker::{Action, Error, PublishError, RequestError};
use crate::{Broker, Envelope, Publisher, Responder, Subscription};

impl Publisher for Embedded {
    fn publish<'a>(
        &'a self,
        topic: &'a str,
        batch: &'a [Envelope],
    ) -> BoxFuture<'a, Result<(), PublishError>> {
        Box::pin(self.append(topic, batch))
    }
}

impl Broker for Embedded {
    fn lanes(&self) -> u16 {
        LANES
    }

    fn register<'a>(&'a self, topic: &'a str, group: &'a str) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let registered = self.follow(topic, group, 0..LANES).await.map(drop);
            registered.map_err(|error| failed(Action::Register, topic, error))
        })
    }

    fn subscribe<'a>(
        &'a self,
        topic: &'a str,
        group: &'a str,
        lanes: Range<u16>,
    ) -> BoxFuture<'a, Result<Box<dyn Subscription>, Error>> {
        Box::pin(async move {
            match self.follow(topic, group, lanes).await {
                Ok(follower) => Ok(Box::new(follower) as Box<dyn Subscription>),
                Err(error) => Err(failed(Action::Subscribe, topic, error)),
            }
        })
    }

    fn request<'a>(
        &'a self,
        topic: &'a str,
        request: Envelope,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<Envelope, RequestError>> {
        Box::pin(self.0.requests.request(topic, request, deadline))
    }

    fn serve<'a>(
        &'a self,
        topic: &'a str,
        responder: Arc<dyn Responder>,
        drain: BoxFuture<'a, ()>,
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let (at_once, waiting) = (self.0.options.requests_at_once, self.0.options.requests_waiting);
            self.0.requests.serve(topic, responder, at_once, waiting, drain).await;
            Ok(())
        })
    }
}

fn failed(action: Action, topic: &str, error: database::Error) -> Error {
    Error { action, topic: topic.to_owned(), source: Box::new(error) }
}
