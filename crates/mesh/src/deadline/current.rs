//! The deadline of the call that a task works on.

use super::Deadline;

tokio::task_local! {
    static CURRENT: Deadline;
}

/// What makes a future see its deadline as [`current`].
pub(super) type Scoped<F> = tokio::task::futures::TaskLocalFuture<Deadline, F>;

/// The deadline of the call within which this is asked: in a handler behind a [`ServerLayer`](super::ServerLayer), or within a [`scope`]. A task
/// that is spawned there has none, unless it is given one.
#[must_use]
pub fn current() -> Option<Deadline> {
    CURRENT.try_with(|deadline| *deadline).ok()
}

/// Has `future`, and what it asks for, see this deadline as [`current`]: for work that is no HTTP request, such as a message.
pub fn scope<F: Future>(deadline: Deadline, future: F) -> impl Future<Output = F::Output> {
    scoped(deadline, future)
}

pub(super) fn scoped<F>(deadline: Deadline, future: F) -> Scoped<F>
where
    F: Future,
{
    CURRENT.scope(deadline, future)
}

/// The same for what is done before there is a future.
pub(super) fn during<R>(deadline: Deadline, call: impl FnOnce() -> R) -> R {
    CURRENT.sync_scope(deadline, call)
}
