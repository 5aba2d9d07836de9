//! A service that is many endpoints.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::{sync::futures::OwnedNotified, task::AbortHandle};
use tower_service::Service;

use super::{Call, NoSessions, ResponseFuture, handle::Handle, pool::Pool, session::Session};
use crate::{
    BoxError,
    classify::Classify,
    clock::{Clock, TokioClock},
};

/// A service that is many endpoints. Clones share them; with the last of them ends the task that follows the set.
#[derive(Debug)]
pub struct Balance<S, K, X = NoSessions, C: Clock = TokioClock> {
    pool: Arc<Pool<S, C>>,
    follower: Arc<Follower>,
    classifier: K,
    sessions: X,
    first_set: Option<Pin<Box<OwnedNotified>>>,
}

/// The task that keeps the pool up to date, for as long as this is held.
#[derive(Debug)]
pub(super) struct Follower(pub(super) AbortHandle);

impl Drop for Follower {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<S, K, X, C: Clock> Balance<S, K, X, C> {
    pub(super) fn of(pool: Arc<Pool<S, C>>, follower: Arc<Follower>, classifier: K, sessions: X) -> Self {
        Self { pool, follower, classifier, sessions, first_set: None }
    }

    /// To look at the endpoints.
    #[must_use]
    pub fn handle(&self) -> Handle<S, C> {
        Handle { pool: Arc::clone(&self.pool) }
    }
}

impl<S, K: Clone, X: Clone, C: Clock> Clone for Balance<S, K, X, C> {
    fn clone(&self) -> Self {
        let (pool, follower) = (Arc::clone(&self.pool), Arc::clone(&self.follower));
        Self::of(pool, follower, self.classifier.clone(), self.sessions.clone())
    }
}

impl<S, K, X, C, Request> Service<Request> for Balance<S, K, X, C>
where
    S: Service<Request> + Clone,
    S::Error: Into<BoxError>,
    K: Classify<S::Response, S::Error> + Clone,
    X: Session<Request>,
    C: Clock,
{
    type Response = K::Response<Call<S, C>>;
    type Error = BoxError;
    type Future = ResponseFuture<S, Request, K, C>;

    /// Ready as soon as it is known which endpoints there are.
    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        let is_known = |pool: &Pool<S, C>| pool.choices.load().known;
        while !is_known(&self.pool) {
            let pool = &self.pool;
            let first_set =
                self.first_set.get_or_insert_with(|| Box::pin(Arc::clone(&pool.first_set).notified_owned()));
            let told = first_set.as_mut().poll(context).is_ready();
            // Looked at again only now, since a set that came before it was listened for wakes nobody.
            if !told && !is_known(pool) {
                return Poll::Pending;
            }
            self.first_set = None;
        }
        self.first_set = None;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let session = self.sessions.key(&request);
        ResponseFuture::new(Arc::clone(&self.pool), request, session, self.classifier.clone())
    }
}
