//! A caller's closure on its way to the thread that runs it, and its result on the way back.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use tokio::sync::oneshot;

use crate::{Error, Transaction};

/// A closure of any type together with the way to its caller.
pub(crate) trait Work: Send {
    /// Runs the closure once and keeps its result; tells whether it may be committed.
    fn run(&mut self, tx: &mut Transaction) -> bool;

    /// Replaces the result by an error.
    fn fail(&mut self, error: Error);

    /// Sends the result to the caller, if there still is one.
    fn answer(self: Box<Self>);
}

/// Packs a closure; its result comes through the receiver.
pub(crate) fn pack<T, E, F>(closure: F) -> (Box<dyn Work>, oneshot::Receiver<Result<T, E>>)
where
    F: AsyncFn(&mut Transaction) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    let (caller, answer) = oneshot::channel();
    (Box::new(Packed { closure, result: None, caller }), answer)
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
    caller: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Work for Packed<T, E, F>
where
    F: AsyncFn(&mut Transaction) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    fn run(&mut self, tx: &mut Transaction) -> bool {
        INSIDE.set(true);
        let polled = catch_unwind(AssertUnwindSafe(|| poll_once((self.closure)(tx))));
        INSIDE.set(false);
        let result = match (polled, tx.failed()) {
            (Ok(Poll::Ready(Ok(_))), Some(failure)) => {
                Err(Error::Poisoned { statement: failure.statement }.into())
            }
            (Ok(Poll::Ready(result)), _) => result,
            (Ok(Poll::Pending), _) => Err(Error::AwaitedElsewhere.into()),
            (Err(panic), _) => Err(Error::Panicked { message: message(&*panic) }.into()),
        };
        self.result.insert(result).is_ok()
    }

    fn fail(&mut self, error: Error) {
        self.result = Some(Err(error.into()));
    }

    fn answer(self: Box<Self>) {
        if let Some(result) = self.result {
            // A caller that went away does not wait for an answer.
            let _ = self.caller.send(result);
        }
    }
}

fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

pub(crate) fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message").to_owned()
}
