//! All that a call has to know of a closed breaker, in one word that changes at once.

/// Where the breaker is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Calls go through, and are counted.
    Closed,
    /// Calls are refused.
    Open,
    /// A few calls go through, as probes.
    HalfOpen,
}

impl State {
    /// A name for a metric's label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// Whether the state decides. Setting a mode begins anew: closed, with nothing counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// The state decides.
    Automatic,
    /// Every call is refused.
    ForcedOpen,
    /// Every call goes through, and none is counted.
    ForcedClosed,
    /// The state changes as it would, but calls that it refuses go through, uncounted.
    ObserveOnly,
}

/// State, mode, generation and consecutive failures. A generation lasts from one change of state or mode to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) state: State,
    pub(super) mode: Mode,
    pub(super) generation: u32,
    pub(super) failures: u32,
}

/// So many bits of the word are the generation's; a call would have to last for 2^28 changes to be taken for one of now.
pub(super) const GENERATION_BITS: u32 = 28;

impl Word {
    pub(super) const FIRST: Self =
        Self { state: State::Closed, mode: Mode::Automatic, generation: 0, failures: 0 };

    /// The next generation.
    pub(super) const fn next(self, mode: Mode, state: State) -> Self {
        let generation = (self.generation + 1) & ((1 << GENERATION_BITS) - 1);
        Self { state, mode, generation, failures: 0 }
    }

    /// Whether calls go through and are counted.
    #[inline]
    pub(super) const fn counts(self) -> bool {
        matches!((self.mode, self.state), (Mode::Automatic | Mode::ObserveOnly, State::Closed))
    }

    #[inline]
    pub(super) const fn pack(self) -> u64 {
        let head = self.state as u64 | (self.mode as u64) << 2 | (self.generation as u64) << 4;
        head << 32 | self.failures as u64
    }

    #[inline]
    pub(super) const fn unpack(word: u64) -> Self {
        let head = word >> 32;
        let state = match head & 3 {
            0 => State::Closed,
            1 => State::Open,
            _ => State::HalfOpen,
        };
        let mode = match head >> 2 & 3 {
            0 => Mode::Automatic,
            1 => Mode::ForcedOpen,
            2 => Mode::ForcedClosed,
            _ => Mode::ObserveOnly,
        };
        Self { state, mode, generation: low(head >> 4), failures: low(word) }
    }
}

/// The low 32 bits.
#[inline]
pub(super) const fn low(word: u64) -> u32 {
    let [a, b, c, d, ..] = word.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}
