//! A service that does as it is told, and tells what was asked of it.

use std::{
    collections::VecDeque,
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll, Waker},
    time::Duration,
};

use http::{Request, Response, StatusCode};
use mesh::BoxError;
use tower::Service;

/// What it does with a call.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Status(u16),
    /// A status and `Retry-After` in seconds.
    Asks(u16, u64),
    After(Duration, u16),
    Breaks,
    Never,
}

#[derive(Debug, Default)]
struct State {
    answers: VecDeque<Answer>,
    calls: usize,
    polls: usize,
    stuck: bool,
    broken: bool,
    /// Calls break that are not answered until then.
    dies: Option<Duration>,
    waiting: Vec<Waker>,
}

/// Clones are the same server. Without an answer to give it says 200.
#[derive(Clone, Debug, Default)]
pub(crate) struct Server(Arc<Mutex<State>>);

impl Server {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no test panics while it holds this")
    }

    /// What it does with the next calls.
    pub(crate) fn will(&self, answers: impl IntoIterator<Item = Answer>) {
        self.state().answers.extend(answers);
    }

    /// What it does with the next calls, instead of what it was told before.
    pub(crate) fn will_only(&self, answers: impl IntoIterator<Item = Answer>) {
        self.state().answers = answers.into_iter().collect();
    }

    /// How many calls it had.
    pub(crate) fn calls(&self) -> usize {
        self.state().calls
    }

    /// How often it was asked whether it is ready.
    pub(crate) fn polls(&self) -> usize {
        self.state().polls
    }

    /// Whether it is not ready from now on.
    pub(crate) fn is_stuck(&self, stuck: bool) {
        let mut state = self.state();
        state.stuck = stuck;
        state.waiting.drain(..).for_each(Waker::wake);
    }

    /// Calls that are never answered break after so long, all at once.
    pub(crate) fn dies_after(&self, time: Duration) {
        self.state().dies = Some(time);
    }

    /// It fails when it is asked whether it is ready.
    pub(crate) fn is_broken(&self, broken: bool) {
        self.state().broken = broken;
    }
}

pub(crate) type Answered = Pin<Box<dyn Future<Output = Result<Response<()>, BoxError>> + Send>>;

impl Service<Request<()>> for Server {
    type Response = Response<()>;
    type Error = BoxError;
    type Future = Answered;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        let mut state = self.state();
        state.polls += 1;
        if state.broken {
            return Poll::Ready(Err("the connection is gone".into()));
        }
        if state.stuck {
            state.waiting.push(context.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Answered {
        let mut state = self.state();
        state.calls += 1;
        let answer = state.answers.pop_front().unwrap_or(Answer::Status(200));
        let dies = state.dies;
        Box::pin(async move {
            match answer {
                Answer::Status(status) => Ok(respond(status, None)),
                Answer::Asks(status, seconds) => Ok(respond(status, Some(seconds))),
                Answer::After(time, status) => {
                    tokio::time::sleep(time).await;
                    Ok(respond(status, None))
                }
                Answer::Breaks => Err("the connection broke".into()),
                Answer::Never if dies.is_some() => {
                    tokio::time::sleep(dies.unwrap_or_default()).await;
                    Err("the connection broke".into())
                }
                Answer::Never => std::future::pending::<Result<_, Infallible>>().await.map_err(Into::into),
            }
        })
    }
}

fn respond(status: u16, retry_after: Option<u64>) -> Response<()> {
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    if let Some(seconds) = retry_after {
        response.headers_mut().insert("retry-after", seconds.into());
    }
    response
}
