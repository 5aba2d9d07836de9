//! A request's body that can be sent more than once: what the first attempt reads of it is kept for the next, up to a limit.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

use crate::BoxError;

/// What a policy lets be kept of a body at most, in bytes.
pub(crate) const BODY_LIMIT: u64 = 16 << 20;

/// The body of one attempt. What an earlier attempt has read comes from memory, the rest from the caller.
///
/// Only the latest attempt reads on from the caller: an earlier one that still asks for more gets an error, since nobody waits for its
/// answer any more. The first attempt never fails for the sake of another: beyond the limit it reads on and nothing is kept.
#[derive(Debug)]
pub struct Replay<B>(Kind<B>);

#[derive(Debug)]
enum Kind<B> {
    Empty,
    Once(B),
    Recorded(Attempt<B>),
}

#[derive(Debug)]
struct Attempt<B> {
    recording: Arc<Mutex<Recording<B>>>,
    number: u32,
    /// Which frame is next: the trailers are the one after the last.
    next: usize,
}

/// What attempts are made of.
#[derive(Debug)]
pub(crate) enum Original<B> {
    Empty,
    Recorded(Arc<Mutex<Recording<B>>>),
}

#[derive(Debug)]
pub(crate) struct Recording<B> {
    rest: B,
    frames: Vec<Bytes>,
    trailers: Option<HeaderMap>,
    bytes: u64,
    at_most: u64,
    progress: Progress,
    latest: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// All that was read is kept.
    Going,
    /// All that there is is kept.
    Whole,
    /// Something was read that is not kept, or the body broke.
    Lost,
}

/// A body that is kept while it is read, up to so many bytes; the original is `None` if it says itself that it is longer.
pub(crate) fn record<B: Body>(body: B, at_most: u64) -> (Replay<B>, Option<Original<B>>) {
    if body.is_end_stream() {
        return (empty(), Some(Original::Empty));
    }
    if body.size_hint().lower() > at_most {
        return (once(body), None);
    }
    let recording = Arc::new(Mutex::new(Recording {
        rest: body,
        frames: vec![],
        trailers: None,
        bytes: 0,
        at_most,
        progress: Progress::Going,
        latest: 0,
    }));
    let first = Attempt { recording: Arc::clone(&recording), number: 0, next: 0 };
    (Replay(Kind::Recorded(first)), Some(Original::Recorded(recording)))
}

/// No body.
pub(crate) fn empty<B>() -> Replay<B> {
    Replay(Kind::Empty)
}

/// A body that is sent once, of which nothing is kept.
pub(crate) fn once<B>(body: B) -> Replay<B> {
    Replay(Kind::Once(body))
}

impl<B> From<B> for Replay<B> {
    /// A body that is sent once, of which nothing is kept: for a call past the layers.
    fn from(body: B) -> Self {
        once(body)
    }
}

impl<B> Original<B> {
    /// Whether the body can be sent once more from its beginning.
    pub(crate) fn can_be_sent_again(&self) -> bool {
        self.progress() != Progress::Lost
    }

    /// Whether all of it is kept, so that two attempts can read it side by side.
    pub(crate) fn is_whole(&self) -> bool {
        self.progress() == Progress::Whole
    }

    /// The body from its beginning. Earlier attempts read nothing more from the caller.
    pub(crate) fn again(&self) -> Option<Replay<B>> {
        let Self::Recorded(recording) = self else { return Some(empty()) };
        let mut locked = lock(recording);
        if locked.progress == Progress::Lost {
            return None;
        }
        locked.latest += 1;
        let number = locked.latest;
        drop(locked);
        Some(Replay(Kind::Recorded(Attempt { recording: Arc::clone(recording), number, next: 0 })))
    }

    fn progress(&self) -> Progress {
        match self {
            Self::Empty => Progress::Whole,
            Self::Recorded(recording) => lock(recording).progress,
        }
    }
}

impl<B: Body<Data = Bytes, Error: Into<BoxError>> + Unpin> Recording<B> {
    /// The next frame from the caller, which is kept if there is room.
    fn read_on(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.rest).poll_frame(context)).transpose();
        match &frame {
            Err(_) => self.forget(),
            Ok(Some(frame)) => {
                if let Some(data) = frame.data_ref() {
                    self.keep(data);
                }
                if let Some(trailers) = frame.trailers_ref() {
                    self.trailers = Some(trailers.clone());
                }
            }
            Ok(None) => {}
        }
        let is_over = matches!(frame, Ok(None)) || self.rest.is_end_stream() || self.trailers.is_some();
        if is_over && self.progress == Progress::Going {
            self.progress = Progress::Whole;
        }
        Poll::Ready(frame.map_err(Into::into).transpose())
    }

    fn keep(&mut self, data: &Bytes) {
        self.bytes = self.bytes.saturating_add(data.len() as u64);
        if self.bytes > self.at_most {
            self.forget();
        } else if self.progress == Progress::Going && !data.is_empty() {
            self.frames.push(data.clone());
        }
    }

    fn forget(&mut self) {
        self.progress = Progress::Lost;
        self.frames = vec![];
    }
}

impl<B: Body<Data = Bytes, Error: Into<BoxError>> + Unpin> Attempt<B> {
    fn poll_frame(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let mut recording = lock(&self.recording);
        if let Some(data) = recording.frames.get(self.next) {
            self.next += 1;
            return Poll::Ready(Some(Ok(Frame::data(data.clone()))));
        }
        if recording.progress == Progress::Whole {
            let trailers = recording.trailers.clone().filter(|_| self.next == recording.frames.len());
            self.next = recording.frames.len() + 1;
            return Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))));
        }
        if self.number != recording.latest {
            return Poll::Ready(Some(Err("another attempt was made of the request".into())));
        }
        let frame = ready!(recording.read_on(context));
        let had_trailers = recording.trailers.is_some();
        self.next = recording.frames.len() + usize::from(had_trailers);
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        let recording = lock(&self.recording);
        let trailers = usize::from(recording.trailers.is_some());
        match recording.progress {
            Progress::Whole => self.next >= recording.frames.len() + trailers,
            Progress::Going => false,
            Progress::Lost => recording.rest.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        let recording = lock(&self.recording);
        let kept = recording.frames.iter().skip(self.next).map(|data| data.len() as u64).sum::<u64>();
        let rest = recording.rest.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(kept.saturating_add(rest.lower()));
        if let Some(upper) = rest.upper().and_then(|upper| upper.checked_add(kept)) {
            hint.set_upper(upper);
        }
        hint
    }
}

impl<B: Body<Data = Bytes, Error: Into<BoxError>> + Unpin> Body for Replay<B> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.0 {
            Kind::Empty => Poll::Ready(None),
            Kind::Once(body) => {
                Pin::new(body).poll_frame(context).map(|frame| frame.map(|frame| frame.map_err(Into::into)))
            }
            Kind::Recorded(attempt) => attempt.poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Empty => true,
            Kind::Once(body) => body.is_end_stream(),
            Kind::Recorded(attempt) => attempt.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Empty => SizeHint::with_exact(0),
            Kind::Once(body) => body.size_hint(),
            Kind::Recorded(attempt) => attempt.size_hint(),
        }
    }
}

/// What is guarded stays sound wherever a body panics: at worst a frame is missing, and the attempt has failed with it.
fn lock<B>(recording: &Mutex<Recording<B>>) -> MutexGuard<'_, Recording<B>> {
    recording.lock().unwrap_or_else(PoisonError::into_inner)
}
