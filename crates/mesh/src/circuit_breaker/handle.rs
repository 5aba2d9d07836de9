//! A breaker seen from outside.

use std::time::Duration;

use super::{Call, Mode, Reason, State, shared::Shared};
use crate::{
    clock::{Clock, TokioClock},
    lanes::Laned,
};

/// Reads a breaker and sets its mode, from wherever.
#[derive(Clone, Debug)]
pub struct Handle<C = TokioClock> {
    pub(super) shared: Laned<Shared<C>>,
}

/// A breaker at one moment, at which only calls go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// The state.
    pub state: State,
    /// The mode, which goes before it.
    pub mode: Mode,
    /// For how long state and mode have been these.
    pub since: Duration,
    /// Why they are; `None` if they never changed.
    pub reason: Option<Reason>,
    /// Failures without a success between them.
    pub consecutive_failures: u32,
    /// Calls in the window, since the breaker is in this state.
    pub calls: u64,
    /// How many of them failed.
    pub failures: u64,
    /// How many of them were slow.
    pub slow: u64,
    /// How many calls were refused since the breaker was made; in [`Mode::ObserveOnly`], would have been.
    pub refused: u64,
    /// While it is open, in how long the next probe is due.
    pub next_probe: Option<Duration>,
}

impl Snapshot {
    /// State and mode in one name, for a metric's label: `closed`, `open`, `half_open`, `forced_open`, `forced_closed` or `observe`.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self.mode {
            Mode::Automatic => self.state.label(),
            Mode::ForcedOpen => "forced_open",
            Mode::ForcedClosed => "forced_closed",
            Mode::ObserveOnly => "observe",
        }
    }
}

impl<C: Clock> Handle<C> {
    /// The state. [`Mode`] goes before it.
    #[must_use]
    pub fn state(&self) -> State {
        self.shared.breaker.word().state
    }

    /// The mode.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.shared.breaker.word().mode
    }

    /// Begins anew in a mode: closed, with nothing counted; what is under way counts no more.
    pub fn set_mode(&self, mode: Mode) {
        self.shared.set_mode(mode);
    }

    /// All there is to see.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let breaker = &self.shared.breaker;
        let now = self.shared.clock.now();
        let seen = breaker.seen(now);
        Snapshot {
            state: seen.word.state,
            mode: seen.word.mode,
            since: seen.since,
            reason: seen.reason,
            consecutive_failures: seen.word.failures,
            calls: seen.totals.calls,
            failures: seen.totals.failures,
            slow: seen.totals.slow,
            refused: breaker.refused(),
            next_probe: seen.next_probe,
        }
    }

    /// Lets a call through that is made without a layer, or says in how long the next probe is due.
    pub(crate) fn admit(&self) -> Result<Call<C>, Option<Duration>> {
        Call::admit(&self.shared.here())
    }

    /// Whether a call would go through, were it made now.
    pub(crate) fn is_willing(&self) -> bool {
        self.shared.breaker.is_willing(|| self.shared.clock.now())
    }

    /// Whether the state refuses nobody.
    pub(crate) fn passes_all(&self) -> bool {
        self.shared.breaker.passes_all()
    }

    /// In how long the next probe is due; `None` if the breaker is not open.
    pub(crate) fn next_probe(&self) -> Option<Duration> {
        self.shared.breaker.next_probe(|| self.shared.clock.now())
    }
}
