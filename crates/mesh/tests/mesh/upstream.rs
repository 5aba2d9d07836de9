//! A service that reads bodies, answers as it is told and keeps what it was asked. It has to be polled ready before each call.

use std::{
    collections::VecDeque,
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::poll_fn;
use http::{HeaderMap, Request, Response};
use http_body::Body;
use http_body_util::Full;
use mesh::BoxError;
use tower::Service;

/// What it does with a call.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    after: Duration,
    /// How many frames of the body it reads before it answers.
    frames: usize,
    answer: Answer,
}

#[derive(Clone, Debug)]
enum Answer {
    Response(Response<Full<Bytes>>),
    Error(fn() -> BoxError),
    Never,
}

impl Reply {
    fn new(answer: Answer) -> Self {
        Self { after: Duration::ZERO, frames: usize::MAX, answer }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &'static str) -> Self {
        if let Answer::Response(response) = &mut self.answer {
            response.headers_mut().insert(name, value.parse().expect("a header's value"));
        }
        self
    }

    pub(crate) fn body(mut self, text: &'static str) -> Self {
        if let Answer::Response(response) = &mut self.answer {
            *response.body_mut() = text.into();
        }
        self
    }

    pub(crate) fn after(self, after: Duration) -> Self {
        Self { after, ..self }
    }

    pub(crate) fn reading(self, frames: usize) -> Self {
        Self { frames, ..self }
    }
}

pub(crate) fn status(status: u16) -> Reply {
    let response = Response::builder().status(status).body(Full::default()).expect("a response");
    Reply::new(Answer::Response(response))
}

pub(crate) fn error(error: fn() -> BoxError) -> Reply {
    Reply::new(Answer::Error(error))
}

pub(crate) fn never() -> Reply {
    Reply::new(Answer::Never)
}

/// Polls a service until it is ready, and calls it.
pub(crate) async fn ready_call<S: Service<R>, R>(
    service: &mut S,
    request: R,
) -> Result<S::Response, S::Error> {
    poll_fn(|context| service.poll_ready(context)).await?;
    service.call(request).await
}

/// A call that it had.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Option<HeaderMap>,
    /// What reading the body ended with, if not with its end.
    pub(crate) broken: Option<String>,
}

#[derive(Debug, Default)]
struct State {
    replies: VecDeque<Reply>,
    seen: Vec<Seen>,
    polls: usize,
    dropped: usize,
    stuck: bool,
    waiting: Vec<Waker>,
}

/// Clones are the same upstream, each with a readiness of its own. Without a reply to give it says 200.
#[derive(Debug, Default)]
pub(crate) struct Upstream {
    state: Arc<Mutex<State>>,
    ready: bool,
}

impl Clone for Upstream {
    fn clone(&self) -> Self {
        Self { state: Arc::clone(&self.state), ready: false }
    }
}

impl Upstream {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics while it holds this")
    }

    pub(crate) fn will(&self, replies: impl IntoIterator<Item = Reply>) {
        self.state().replies.extend(replies);
    }

    pub(crate) fn calls(&self) -> usize {
        self.state().seen.len()
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state().seen.clone()
    }

    pub(crate) fn polls(&self) -> usize {
        self.state().polls
    }

    /// How many calls were dropped before their answer.
    pub(crate) fn dropped(&self) -> usize {
        self.state().dropped
    }

    pub(crate) fn is_stuck(&self, stuck: bool) {
        let mut state = self.state();
        state.stuck = stuck;
        state.waiting.drain(..).for_each(Waker::wake);
    }
}

type Answered = Pin<Box<dyn Future<Output = Result<Response<Full<Bytes>>, BoxError>> + Send>>;

impl<B> Service<Request<B>> for Upstream
where
    B: Body<Data = Bytes, Error = BoxError> + Send + 'static,
{
    type Response = Response<Full<Bytes>>;
    type Error = BoxError;
    type Future = Answered;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        let mut state = self.state();
        state.polls += 1;
        if state.stuck {
            state.waiting.push(context.waker().clone());
            return Poll::Pending;
        }
        drop(state);
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Answered {
        assert!(std::mem::take(&mut self.ready), "called without having been ready");
        let (head, body) = request.into_parts();
        let mut state = self.state();
        let reply = state.replies.pop_front().unwrap_or_else(|| status(200));
        let call = state.seen.len();
        state.seen.push(Seen { headers: head.headers, ..Seen::default() });
        drop(state);
        let guard = Guard { state: Arc::clone(&self.state), answered: false };
        Box::pin(async move {
            let mut guard = guard;
            read(body, reply.frames, |change| {
                change(&mut guard.state.lock().expect("no test panics while it holds this").seen[call]);
            })
            .await;
            if !reply.after.is_zero() {
                tokio::time::sleep(reply.after).await;
            }
            let answer = match reply.answer {
                Answer::Response(response) => Ok(response),
                Answer::Error(error) => Err(error()),
                Answer::Never => std::future::pending().await,
            };
            guard.answered = true;
            answer
        })
    }
}

async fn read<B>(body: B, frames: usize, change: impl Fn(&dyn Fn(&mut Seen)))
where
    B: Body<Data = Bytes, Error = BoxError>,
{
    let mut body = pin!(body);
    for _ in 0..frames {
        if body.is_end_stream() {
            return;
        }
        match poll_fn(|context| body.as_mut().poll_frame(context)).await {
            Some(Ok(frame)) => {
                let (data, trailers) = (frame.data_ref(), frame.trailers_ref());
                change(&|seen| {
                    seen.body.extend(data.into_iter().flatten());
                    seen.trailers = trailers.cloned();
                });
            }
            Some(Err(error)) => {
                change(&|seen| seen.broken = Some(error.to_string()));
                return;
            }
            None => return,
        }
    }
}

/// Notices a call that nobody waits for any more.
struct Guard {
    state: Arc<Mutex<State>>,
    answered: bool,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.answered {
            self.state.lock().expect("no test panics while it holds this").dropped += 1;
        }
    }
}
