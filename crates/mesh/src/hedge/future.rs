//! What becomes of a call: the first attempt, and a hedge if it takes long.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use http::{Request, Response, request::Parts};
use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};
use tower_service::Service;

use super::{handle::NotSent, service::Shared};
use crate::{
    BoxError, attempt,
    budget::Reservation,
    classify::{Classify, Outcome, Verdict},
    clock::{Clock, Moment},
    lanes::Lane,
    replay::{Original, Replay},
};

pin_project! {
    /// The first attempt, and a hedge if it takes long. Dropped, both are.
    pub struct ResponseFuture<S, K, B, C>
    where
        S: Service<Request<Replay<B>>>,
        C: Clock,
    {
        #[pin]
        first: Option<S::Future>,
        #[pin]
        hedge: Step<S::Future>,
        // The first attempt's answer, if it failed and the hedge may do better.
        failed: Option<Result<S::Response, BoxError>>,
        call: Call<S, K, B, C>,
    }
}

pin_project! {
    #[project = StepProjection]
    enum Step<F> {
        None,
        Due { after: Duration, timer: Option<Pin<Box<Sleep>>> },
        Readying,
        Calling { #[pin] future: F },
    }
}

/// What there is of a call beside its attempts.
struct Call<S, K, B, C: Clock> {
    shared: Lane<Shared<K, C>>,
    begun: Moment,
    kept: Option<Kept<S, B>>,
    reservation: Option<Reservation<C>>,
}

/// A hedge to come.
pub(super) struct Due<S, B> {
    pub(super) kept: Kept<S, B>,
    pub(super) after: Duration,
}

/// What a hedge is made of.
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
    pub(super) fn new(first: S::Future, due: Option<Due<S, B>>, shared: Lane<Shared<K, C>>) -> Self {
        let (hedge, kept) = match due {
            Some(Due { kept, after }) => (Step::Due { after, timer: None }, Some(kept)),
            None => (Step::None, None),
        };
        let call = Call { begun: shared.clock.now(), shared, kept, reservation: None };
        Self { first: Some(first), hedge, failed: None, call }
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

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Poll::Ready(answer) = self.as_mut().poll_first(context) {
            return Poll::Ready(answer);
        }
        self.poll_hedge(context)
    }
}

impl<S, K, B, C, Answer> ResponseFuture<S, K, B, C>
where
    S: Service<Request<Replay<B>>, Response = Response<Answer>>,
    S::Error: Into<BoxError>,
    K: Classify<Response<Answer>, S::Error>,
    C: Clock,
{
    /// The first attempt's answer, unless it failed and a hedge is under way.
    fn poll_first(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<Response<Answer>, BoxError>> {
        let mut this = self.project();
        let Some(first) = this.first.as_mut().as_pin_mut() else { return Poll::Pending };
        let answer = this.call.judge(ready!(first.poll(context)));
        this.first.set(None);
        this.call.count_first(&answer);
        match this.hedge.as_mut().project() {
            StepProjection::Calling { .. } if answer.has_failed() => {
                *this.failed = Some(answer.result);
                return Poll::Pending;
            }
            StepProjection::Readying => this.call.not_sent(NotSent::NotReady),
            _ => {}
        }
        this.hedge.set(Step::None);
        Poll::Ready(answer.result)
    }

    fn poll_hedge(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<Response<Answer>, BoxError>> {
        let mut this = self.project();
        loop {
            let next = match this.hedge.as_mut().project() {
                StepProjection::None => return Poll::Pending,
                StepProjection::Due { after, timer } => {
                    let timer = timer.get_or_insert_with(|| Box::pin(sleep(*after)));
                    ready!(timer.as_mut().poll(context));
                    this.call.reserve().map_or(Step::None, |()| Step::Readying)
                }
                StepProjection::Readying => {
                    let future = ready!(this.call.poll_send(context));
                    future.map_or(Step::None, |future| Step::Calling { future })
                }
                StepProjection::Calling { future } => {
                    let answer = this.call.judge(ready!(future.poll(context)));
                    this.hedge.set(Step::None);
                    if this.call.has_won(&answer) {
                        if this.first.is_some() {
                            this.first.set(None);
                            this.call.was_overtaken();
                        }
                        return Poll::Ready(answer.result);
                    }
                    return this.failed.take().map_or(Poll::Pending, Poll::Ready);
                }
            };
            this.hedge.set(next);
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
    fn judge(&self, result: Result<Response<Answer>, S::Error>) -> Judged<Answer> {
        let verdict = self.shared.classifier.known(&result);
        Judged { verdict, result: result.map_err(Into::into) }
    }

    /// The first attempt has come to its end.
    fn count_first(&self, answer: &Judged<Answer>) {
        let shared = &self.shared;
        if answer.is_sample() {
            shared.state.latencies.record(shared.clock.now().since(self.begun));
        }
        if !answer.was_refused() {
            shared.budget.count_first_attempt();
        }
    }

    /// The hedge has answered before the first attempt.
    fn was_overtaken(&self) {
        let shared = &self.shared;
        shared.state.latencies.record(shared.clock.now().since(self.begun));
        shared.budget.count_first_attempt();
    }

    /// Reserves an attempt, if the call can be made again.
    fn reserve(&mut self) -> Option<()> {
        let kept = self.kept.as_ref()?;
        let time_left = attempt::time_left(&kept.head.extensions);
        if !kept.body.is_whole() {
            self.not_sent(NotSent::Body);
        } else if time_left.is_some_and(|left| left.is_zero()) {
            self.not_sent(NotSent::Deadline);
        } else if let Some(reservation) = self.shared.budget.reserve() {
            self.reservation = Some(reservation);
            return Some(());
        } else {
            self.not_sent(NotSent::Budget);
        }
        None
    }

    /// Waits for the service, and makes the attempt.
    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<Option<S::Future>> {
        let Some(kept) = &mut self.kept else { return Poll::Ready(None) };
        let is_ready = ready!(kept.service.poll_ready(context)).is_ok();
        let Some(body) = kept.body.again().filter(|_| is_ready) else {
            self.not_sent(NotSent::NotReady);
            return Poll::Ready(None);
        };
        let mut request = Request::from_parts(kept.head.clone(), body);
        attempt::mark(request.headers_mut(), 1);
        if let Some(reservation) = &mut self.reservation {
            reservation.is_sent();
        }
        self.shared.state.counters.sent();
        Poll::Ready(Some(kept.service.call(request)))
    }

    /// The hedge has come to its end: whether its answer is the call's.
    fn has_won(&mut self, answer: &Judged<Answer>) -> bool {
        if let Some(reservation) = self.reservation.take_if(|_| answer.was_refused()) {
            reservation.was_refused();
            self.not_sent(NotSent::Refused);
        }
        let won = !answer.has_failed();
        if won {
            self.shared.state.counters.won();
        }
        won
    }

    /// Gives back what was reserved.
    fn not_sent(&mut self, why: NotSent) {
        self.reservation = None;
        self.shared.state.counters.not_sent(why);
    }
}

/// An attempt's answer, with what is known of it.
struct Judged<Answer> {
    verdict: Option<Verdict>,
    result: Result<Response<Answer>, BoxError>,
}

impl<Answer> Judged<Answer> {
    fn has_failed(&self) -> bool {
        self.verdict.is_some_and(|verdict| matches!(verdict.outcome, Outcome::Failure | Outcome::Throttled))
    }

    fn was_refused(&self) -> bool {
        self.result.as_ref().is_err_and(attempt::was_refused)
    }

    /// Whether its time says how long an answer takes. That of a failure does not, nor does a stream's; of an answer whose code comes after
    /// its body it is the time until it began.
    fn is_sample(&self) -> bool {
        let is_answer = |verdict: Verdict| matches!(verdict.outcome, Outcome::Success | Outcome::Refusal);
        self.verdict.is_none_or(|verdict| verdict.timed && is_answer(verdict))
    }
}

impl<S, K, B, C> fmt::Debug for ResponseFuture<S, K, B, C>
where
    S: Service<Request<Replay<B>>>,
    C: Clock,
{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ResponseFuture").field("begun", &self.call.begun).finish_non_exhaustive()
    }
}
