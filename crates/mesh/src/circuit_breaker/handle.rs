//! A breaker seen from outside.

use std::{sync::Arc, time::Duration};

use super::{Call, Mode, State, shared::Shared};
use crate::clock::{Clock, TokioClock};

/// Reads a breaker and sets its mode, from wherever.
#[derive(Clone, Debug)]
pub struct Handle<C = TokioClock> {
    pub(super) shared: Arc<Shared<C>>,
}

/// A breaker at one moment. Its numbers are read one after the other while calls go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// The state.
    pub state: State,
    /// The mode, which goes before it.
    pub mode: Mode,
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
        let (now, word) = (self.shared.clock.now(), breaker.word());
        let totals = breaker.totals(now);
        Snapshot {
            state: word.state,
            mode: word.mode,
            consecutive_failures: word.failures,
            calls: totals.calls,
            failures: totals.failures,
            slow: totals.slow,
            refused: breaker.refused(),
            next_probe: breaker.next_probe(|| now),
        }
    }

    /// Lets a call through that is made without a layer, or says in how long the next probe is due.
    pub(crate) fn admit(&self) -> Result<Call<C>, Option<Duration>> {
        self.shared.admit()
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
