//! A caller's closure on its way to the thread that runs it, and its result on the way back.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use tokio::sync::oneshot;
use tracing::Span;

use crate::transaction::{Failure, Hook};
use crate::{Error, Transaction};

/// A closure of any type together with the way to its caller.
pub(crate) trait Work: Send {
    /// Runs the closure once and keeps its result; tells whether it may be committed.
    fn run(&mut self, tx: &mut Transaction) -> bool;

    /// Replaces the result by an error.
    fn fail(&mut self, error: Error);

    /// Whether the closure may run once more after a conflict; to be asked once for each.
    fn may_run_again(&mut self) -> bool;

    /// Sends the result to the caller, if there still is one.
    fn answer(self: Box<Self>);
}

/// A work that has been run, whose caller waits.
pub(crate) struct Ran {
    work: Box<dyn Work>,
    ok: bool,
    conflicted: bool,
    hooks: Vec<Hook>,
}

impl Ran {
    /// A work that `tx` has just run, successfully or not.
    pub(crate) fn new(work: Box<dyn Work>, ok: bool, tx: &mut Transaction) -> Self {
        Self { work, ok, conflicted: !ok && tx.conflicted(), hooks: tx.take_hooks() }
    }

    pub(crate) fn failed(mut work: Box<dyn Work>, error: Error) -> Self {
        work.fail(error);
        Self { work, ok: false, conflicted: false, hooks: Vec::new() }
    }

    /// Whether it may be committed, or has been.
    pub(crate) fn is_ok(&self) -> bool {
        self.ok
    }

    /// Makes a success a failure; a failure keeps its own error.
    pub(crate) fn fail(&mut self, error: &Error) {
        if self.ok {
            self.ok = false;
            self.work.fail(error.clone());
        }
    }

    /// The work, to be run again.
    pub(crate) fn into_work(self) -> Box<dyn Work> {
        self.work
    }

    /// Runs the hooks of a work that is durable, then answers its caller. Returns the work instead if it has failed by
    /// a conflict and may run again.
    pub(crate) fn answer(self) -> Option<Box<dyn Work>> {
        let Self { mut work, ok, conflicted, hooks } = self;
        if conflicted && work.may_run_again() {
            return Some(work);
        }
        for hook in hooks.into_iter().filter(|_| ok) {
            guarded("an after-commit hook", hook);
        }
        guarded("dropping a transaction's closure", || work.answer());
        None
    }
}

/// How often a closure is run that finds a conflict each time.
const RUNS: u8 = 3;

/// Packs a closure; its result comes through the receiver.
pub(crate) fn pack<T, E, F>(closure: F) -> (Box<dyn Work>, oneshot::Receiver<Result<T, E>>)
where
    F: AsyncFn(&mut Transaction) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    let (caller, answer) = oneshot::channel();
    let span = Span::current();
    (Box::new(Packed { closure, result: None, runs_left: RUNS - 1, caller, span }), answer)
}

/// Whether this thread is inside of a closure, where another transaction must not begin: it would wait for
/// the thread that it runs on.
pub(crate) fn inside() -> bool {
    INSIDE.get()
}

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

struct Packed<T, E, F> {
    closure: F,
    result: Option<Result<T, E>>,
    runs_left: u8,
    caller: oneshot::Sender<Result<T, E>>,
    /// The caller's: what the closure logs is of the same request, message or task.
    span: Span,
}

impl<T, E, F> Work for Packed<T, E, F>
where
    F: AsyncFn(&mut Transaction) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    fn run(&mut self, tx: &mut Transaction) -> bool {
        INSIDE.set(true);
        let run = catch_unwind(AssertUnwindSafe(|| {
            let _within = self.span.enter();
            drop(self.result.take());
            let polled = poll_once(run_to_the_end(&self.closure, tx));
            self.result = Some(outcome(polled, tx.failed()));
        }));
        INSIDE.set(false);
        if let Err(panic) = run {
            self.fail(Error::Panicked { message: message(&*panic) });
        }
        matches!(self.result, Some(Ok(_)))
    }

    fn fail(&mut self, error: Error) {
        guarded("a caller's conversion of an error", || {
            drop(self.result.take());
            self.result = Some(Err(error.into()));
        });
    }

    fn may_run_again(&mut self) -> bool {
        let may = self.runs_left > 0;
        self.runs_left = self.runs_left.saturating_sub(1);
        may
    }

    fn answer(self: Box<Self>) {
        let Self { result, caller, span, .. } = *self;
        // The caller's span ends when the caller says, who goes on from here.
        drop(span);
        if let Some(result) = result {
            // A caller that went away does not wait for an answer.
            let _ = caller.send(result);
        }
    }
}

/// Runs the closure, and what was to be run at its end.
async fn run_to_the_end<T, E, F>(closure: &F, tx: &mut Transaction) -> Result<T, E>
where
    F: AsyncFn(&mut Transaction) -> Result<T, E>,
    E: From<Error>,
{
    let result = closure(tx).await?;
    tx.finish().await?;
    Ok(result)
}

/// What the caller is told of a closure that was polled once.
fn outcome<T, E: From<Error>>(polled: Poll<Result<T, E>>, failed: Option<&Failure>) -> Result<T, E> {
    match (polled, failed) {
        (Poll::Pending, _) => Err(Error::AwaitedElsewhere.into()),
        (Poll::Ready(Ok(_)), Some(failure)) => Err(Error::Poisoned { statement: failure.statement }.into()),
        (Poll::Ready(result), _) => result,
    }
}

fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// A panic in a caller's code must not end the thread that serves everybody.
fn guarded(what: &str, callers: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(callers)) {
        tracing::error!("{what} panicked: {}", message(&*panic));
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message").to_owned()
}
