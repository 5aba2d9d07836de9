//! What goes wrong with a source.

/// Why a source heard nothing new.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trouble {
    /// Whoever was asked could not be reached, or the connection broke.
    Unreachable,
    /// There was no answer in time.
    Silent,
    /// The answer is that there is nothing, where there must be something.
    Nothing,
    /// The answer is no: it is not allowed, or there is no such thing.
    Refused,
    /// Whoever was asked has too much to do, or is not well.
    Unavailable,
    /// What was said was not understood.
    Malformed,
    /// The version that a watch was to go on from is forgotten (410).
    Expired,
    /// A watch ended before it had told anything.
    Cut,
}

impl Trouble {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Unreachable,
        Self::Silent,
        Self::Nothing,
        Self::Refused,
        Self::Unavailable,
        Self::Malformed,
        Self::Expired,
        Self::Cut,
    ];

    /// A name for a metric's label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Silent => "silent",
            Self::Nothing => "nothing",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
            Self::Malformed => "malformed",
            Self::Expired => "expired",
            Self::Cut => "cut",
        }
    }
}
