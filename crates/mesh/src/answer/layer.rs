//! How errors are made answers of, and who is told of them.

use std::{error::Error, fmt, sync::Arc};

use http::{HeaderName, Response};
use tower_layer::Layer;

use super::{
    Answer, Handle,
    handle::Counts,
    meaning::{Meaning, Protocol},
};
use crate::lanes::Laned;

type Observer = Arc<dyn Fn(&(dyn Error + Send + Sync + 'static)) + Send + Sync>;

/// Tells of an error, or of one of its causes, whether it is a time-out.
pub(super) type TimeOuts = Arc<dyn Fn(&(dyn Error + 'static)) -> bool + Send + Sync>;

/// Makes answers of errors. Clones, and all services that they are put before, count together.
#[derive(Clone, Default)]
pub struct AnswerLayer {
    reason_in: Option<HeaderName>,
    observer: Option<Observer>,
    time_outs: Option<TimeOuts>,
    counts: Arc<Counts>,
}

impl AnswerLayer {
    /// Which nobody listens to, and which tells no reasons.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells in this header why, as [`Why::label`](crate::Why::label) has it, or `timed_out`, or `failed`: for callers who may know.
    #[must_use]
    pub fn reason_in(self, header: HeaderName) -> Self {
        Self { reason_in: Some(header), ..self }
    }

    /// Has somebody told of the errors that are neither refusals nor time-outs, which the caller is not told. It is called before the answer is
    /// given, and should be quick.
    #[must_use]
    pub fn on_error(
        self,
        observer: impl Fn(&(dyn Error + Send + Sync + 'static)) + Send + Sync + 'static,
    ) -> Self {
        Self { observer: Some(Arc::new(observer)), ..self }
    }

    /// Has errors of these types taken for time-outs, too, which a transport may have of its own, such as `tonic::TimeoutExpired`. It is asked of an error
    /// and of each of its causes.
    #[must_use]
    pub fn time_outs(self, are: impl Fn(&(dyn Error + 'static)) -> bool + Send + Sync + 'static) -> Self {
        Self { time_outs: Some(Arc::new(are)), ..self }
    }

    /// To read how many errors became answers.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle { counts: Arc::clone(&self.counts) }
    }

    pub(super) fn answer<B: Default>(
        &self,
        error: &(dyn Error + Send + Sync + 'static),
        protocol: &Protocol,
    ) -> Response<B> {
        let meaning = Meaning::of(error, self.time_outs.as_ref());
        self.counts.count(&meaning);
        if let (Meaning::Failed, Some(observer)) = (&meaning, &self.observer) {
            observer(error);
        }
        protocol.answer(&meaning, self.reason_in.as_ref())
    }
}

impl<S> Layer<S> for AnswerLayer {
    type Service = Answer<S>;

    fn layer(&self, inner: S) -> Answer<S> {
        Answer::new(inner, Laned::new(self.clone()).here())
    }
}

impl fmt::Debug for AnswerLayer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reason_in, observer: _, time_outs: _, counts } = self;
        let mut debug = formatter.debug_struct("AnswerLayer");
        debug.field("reason_in", reason_in).field("counts", counts).finish_non_exhaustive()
    }
}
