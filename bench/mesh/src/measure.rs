//! Calls, one after the other, and how long they took.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::{Arc, Barrier},
    task::{Context, Poll, Waker},
    thread,
};

use tokio::{runtime::Runtime, time::Instant};

/// Something that makes so many calls.
pub(crate) type Subject = Box<dyn FnMut(u32) + Send>;

/// The inner service's answer: pending once, then there.
#[derive(Debug, Default)]
pub(crate) struct Once(bool);

impl Future for Once {
    type Output = Result<u64, std::io::Error>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        if std::mem::replace(&mut self.0, true) { Poll::Ready(Ok(1)) } else { Poll::Pending }
    }
}

/// A subject that makes one call after the other, each polled until it is there.
pub(crate) fn calls<F: Future>(mut call: impl FnMut() -> F + Send + 'static) -> Subject {
    Box::new(move |count| {
        for _ in 0..count {
            drop(std::hint::black_box(finish(call())));
        }
    })
}

/// Polls without a runtime: whatever is pending here is ready when it is polled again.
pub(crate) fn finish<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

/// Waits for a service, then calls it.
pub(crate) async fn ready_call<S: tower::Service<R>, R>(
    service: &mut S,
    request: R,
) -> Result<S::Response, S::Error> {
    poll_fn(|context| service.poll_ready(context)).await?;
    service.call(request).await
}

/// A whole call as a value, so that every subject has the same loop around it.
pub(crate) fn finish_later<S: tower::Service<()>>(service: &mut S) -> std::future::Ready<bool> {
    finish_with(service, ())
}

/// The same with a request.
pub(crate) fn finish_with<S: tower::Service<R>, R>(service: &mut S, request: R) -> std::future::Ready<bool> {
    std::future::ready(finish(ready_call(service, request)).is_ok())
}

/// A subject whose calls have timers.
pub(crate) fn within(runtime: &Arc<Runtime>, mut subject: Subject) -> Subject {
    let runtime = Arc::clone(runtime);
    Box::new(move |count| {
        let _entered = runtime.enter();
        subject(count);
    })
}

/// Nanoseconds of a thread for one call.
pub(crate) fn nanos_per_call(subject: &mut Subject, count: u32) -> f64 {
    let begun = Instant::now();
    subject(count);
    begun.elapsed().as_secs_f64() * 1e9 / f64::from(count)
}

/// The same while two threads call at once: the mean of the two.
pub(crate) fn nanos_per_call_of_two(one: &mut Subject, other: &mut Subject, count: u32) -> f64 {
    let barrier = Barrier::new(2);
    let timed = |subject: &mut Subject| {
        barrier.wait();
        nanos_per_call(subject, count)
    };
    thread::scope(|scope| {
        let one = scope.spawn(|| timed(one));
        let other = timed(other);
        // A thread that panicked has no time; it is told as the endless one that it was.
        f64::midpoint(one.join().unwrap_or(f64::INFINITY), other)
    })
}
