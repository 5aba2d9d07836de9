//! What becomes of a call: one attempt after the other.

use std::{
    fmt,
    ops::ControlFlow,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{Request, Response, request::Parts};
use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};
use tower_service::Service;

use super::{
    Ended,
    decide::{self, Asked, Came},
    service::Shared,
};
use crate::{
    BoxError, attempt,
    budget::Reservation,
    classify::Classify,
    clock::Clock,
    lanes::Lane,
    replay::{self, Original, Replay},
};

pin_project! {
    /// One attempt after the other, with back-offs between them. Dropped, it gives back what it reserved and has not sent.
    pub struct ResponseFuture<S, K, B, C>
    where
        S: Service<Request<Replay<B>>>,
        C: Clock,
    {
        #[pin]
        step: Step<S::Future, B>,
        call: Call<S, K, B, C>,
    }
}

pin_project! {
    #[project = StepProjection]
    enum Step<F, B> {
        Calling { #[pin] future: F },
        Waiting { next: Next<B> },
        Done,
    }
}

/// The next attempt: when, and with what body.
struct Next<B> {
    backoff: Option<Pin<Box<Sleep>>>,
    body: Replay<B>,
}

/// What there is of a call beside its attempt.
struct Call<S, K, B, C: Clock> {
    shared: Lane<Shared<K, C>>,
    kept: Option<Kept<S, B>>,
    is_idempotent: bool,
    attempts: u32,
    reservation: Option<Reservation<C>>,
}

/// What further attempts are made of.
pub(super) struct Kept<S, B> {
    pub(super) head: Parts,
    pub(super) body: Original<B>,
    pub(super) service: S,
}

impl<S, K, B, C> ResponseFuture<S, K, B, C>
where
    S: Service<Request<Replay<B>>>,
    C: Clock,
{
    pub(super) fn new(
        first: S::Future,
        kept: Option<Kept<S, B>>,
        is_idempotent: bool,
        shared: Lane<Shared<K, C>>,
    ) -> Self {
        let call = Call { shared, kept, is_idempotent, attempts: 1, reservation: None };
        Self { step: Step::Calling { future: first }, call }
    }
}

impl<S, K, B, C, Answer> Future for ResponseFuture<S, K, B, C>
where
    S: Service<Request<Replay<B>>, Response = Response<Answer>>,
    S::Error: Into<BoxError>,
    K: Classify<Response<Answer>, S::Error>,
    C: Clock,
{
    type Output = Result<Response<Answer>, BoxError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let result = match this.step.as_mut().project() {
                StepProjection::Calling { future } => ready!(future.poll(context)),
                StepProjection::Waiting { next } => {
                    // A service that cannot become ready is at its end, and the attempt is not made.
                    let future = ready!(this.call.poll_next(next, context)).map_err(Into::into)?;
                    this.step.set(Step::Calling { future });
                    continue;
                }
                // Who polls once more has had the answer.
                StepProjection::Done => return Poll::Pending,
            };
            match this.call.after(result) {
                ControlFlow::Continue(next) => this.step.set(Step::Waiting { next }),
                ControlFlow::Break(result) => {
                    this.step.set(Step::Done);
                    return Poll::Ready(result);
                }
            }
        }
    }
}

impl<S, K, B, C, Answer> Call<S, K, B, C>
where
    S: Service<Request<Replay<B>>, Response = Response<Answer>>,
    S::Error: Into<BoxError>,
    K: Classify<Response<Answer>, S::Error>,
    C: Clock,
{
    /// Waits for the back-off, then for the service, and makes the attempt.
    fn poll_next(
        &mut self,
        next: &mut Next<B>,
        context: &mut Context<'_>,
    ) -> Poll<Result<S::Future, S::Error>> {
        if let Some(backoff) = &mut next.backoff {
            ready!(backoff.as_mut().poll(context));
            next.backoff = None;
        }
        // It is there: else nothing would be waited for.
        let Some(kept) = &mut self.kept else { return Poll::Pending };
        ready!(kept.service.poll_ready(context))?;
        let body = std::mem::replace(&mut next.body, replay::empty());
        let mut request = Request::from_parts(kept.head.clone(), body);
        attempt::mark(request.headers_mut(), self.attempts);
        self.attempts += 1;
        if let Some(reservation) = &mut self.reservation {
            reservation.is_sent();
        }
        Poll::Ready(Ok(kept.service.call(request)))
    }

    /// What an attempt has come to: the next one, or the caller's answer.
    #[inline]
    fn after(
        &mut self,
        result: Result<Response<Answer>, S::Error>,
    ) -> ControlFlow<Result<Response<Answer>, BoxError>, Next<B>> {
        let verdict = self.shared.classifier.known(&result);
        let result = result.map_err(Into::into);
        if result.as_ref().is_err_and(attempt::was_refused) {
            self.shared.counters.ended(Ended::Refused);
            if let Some(reservation) = self.reservation.take() {
                reservation.was_refused();
            }
            return ControlFlow::Break(result);
        }
        if self.attempts == 1 {
            self.shared.budget.count_first_attempt();
        }
        self.reservation = None;
        let came = Came { verdict, unprocessed: self.shared.is_unprocessed(&result) };
        match decide::reason(&self.shared.policy, came) {
            None => {
                if self.attempts > 1 {
                    self.shared.counters.saved();
                }
                ControlFlow::Break(result)
            }
            Some(reason) => match self.next(came) {
                Ok(next) => {
                    self.shared.counters.retried(reason);
                    ControlFlow::Continue(next)
                }
                Err(ended) => {
                    self.shared.counters.ended(ended);
                    ControlFlow::Break(result)
                }
            },
        }
    }

    #[cold]
    fn next(&mut self, came: Came) -> Result<Next<B>, Ended> {
        let shared = &self.shared;
        let kept = self.kept.as_ref();
        let asked = Asked {
            attempts: self.attempts,
            is_idempotent: self.is_idempotent,
            is_kept: kept.is_some_and(|kept| kept.body.can_be_sent_again()),
            time_left: kept.and_then(|kept| attempt::time_left(&kept.head.extensions)),
        };
        let wait = decide::wait(&shared.policy, asked, came, shared.random())?;
        let reservation = shared.budget.reserve().ok_or(Ended::Budget)?;
        // Only now, since an earlier attempt can read on for as long as there is no other.
        let body = kept.and_then(|kept| kept.body.again()).ok_or(Ended::Body)?;
        self.reservation = Some(reservation);
        let backoff = (!wait.is_zero()).then(|| Box::pin(sleep(wait)));
        Ok(Next { backoff, body })
    }
}

impl<K, C> Shared<K, C> {
    fn is_unprocessed<Answer>(&self, result: &Result<Response<Answer>, BoxError>) -> bool {
        match result {
            Ok(response) => self.policy.unprocessed.has(response),
            Err(error) => attempt::chain(error).any(&self.unprocessed),
        }
    }
}

impl<S, K, B, C> fmt::Debug for ResponseFuture<S, K, B, C>
where
    S: Service<Request<Replay<B>>>,
    C: Clock,
{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ResponseFuture")
            .field("attempts", &self.call.attempts)
            .finish_non_exhaustive()
    }
}
