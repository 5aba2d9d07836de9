//! A body that tells what came of its call.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};

use super::{Grpc, Outcome, Report, Verdict};

pin_project! {
    /// A body that tells what came of its call when its trailers are there, or its time is up, or it broke. Dropped before that, it
    /// drops its report: nobody waited for the rest.
    #[derive(Debug)]
    pub struct Watched<B, R> {
        #[pin]
        body: B,
        // Apart from the body, which each layer moves on: all is told of most answers by now.
        watch: Option<Box<Watch<R>>>,
    }
}

#[derive(Debug)]
struct Watch<R> {
    report: R,
    rules: Grpc,
    frames: u32,
    stream_at: Instant,
    /// Armed when the body first has nothing to give, since most never come to that.
    timer: Option<Pin<Box<Sleep>>>,
}

impl<B, R: Report> Watched<B, R> {
    pub(super) fn new(body: B, report: R, rules: Grpc) -> Self {
        let stream_at = Instant::now() + rules.stream_after_time();
        let watch = Watch { report, rules, frames: 0, stream_at, timer: None };
        Self { body, watch: Some(Box::new(watch)) }
    }

    /// Of which everything is told.
    pub(crate) fn told(body: B) -> Self {
        Self { body, watch: None }
    }
}

impl<B: Default, R> Default for Watched<B, R> {
    /// An empty body, which has nothing to tell.
    fn default() -> Self {
        Self { body: B::default(), watch: None }
    }
}

impl<R: Report> Watch<R> {
    fn is_stream_by_now(&mut self, context: &mut Context<'_>) -> bool {
        let stream_at = self.stream_at;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(stream_at)));
        timer.as_mut().poll(context).is_ready()
    }

    /// More than one frame before the trailers may be a stream, whose length says nothing of the server.
    fn tell(self, verdict: Verdict) {
        let timed = verdict.timed && self.frames <= 1;
        self.report.tell(Verdict { timed, ..verdict });
    }
}

impl<B: Body, R: Report> Body for Watched<B, R> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        let Poll::Ready(frame) = this.body.poll_frame(context) else {
            if let Some(watch) = this.watch.take_if(|watch| watch.is_stream_by_now(context)) {
                watch.tell(Verdict::new(Outcome::Success).untimed());
            }
            return Poll::Pending;
        };
        match &frame {
            Some(Ok(frame)) => match frame.trailers_ref() {
                Some(trailers) => told(this.watch, |rules| rules.verdict_of_trailers(trailers)),
                None => {
                    if let Some(watch) = this.watch {
                        watch.frames = watch.frames.saturating_add(1);
                    }
                }
            },
            Some(Err(_)) => told(this.watch, |_| Verdict::new(Outcome::Failure)),
            None => told(this.watch, |rules| rules.verdict_of_trailers(&HeaderMap::new())),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn told<R: Report>(watch: &mut Option<Box<Watch<R>>>, verdict: impl FnOnce(&Grpc) -> Verdict) {
    if let Some(watch) = watch.take() {
        let verdict = verdict(&watch.rules);
        watch.tell(verdict);
    }
}
