//! Whether a call goes through, and what it has to show for it.

use std::time::Duration;

use super::word::Word;

/// Whether a call goes through.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Admission {
    Pass(Ticket),
    /// With the time until the next probe, if it is known.
    Refuse(Option<Duration>),
}

/// What a call has to show when it tells what came of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    pub(super) generation: u32,
    pub(super) kind: Kind,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Counted,
    Uncounted,
    /// With the number of its place.
    Probe(u32),
}

impl Admission {
    pub(super) const fn pass(word: Word, kind: Kind) -> Self {
        Self::Pass(Ticket { generation: word.generation, kind })
    }
}

impl Ticket {
    /// Whether it holds a place that has to be given back.
    pub(super) const fn is_probe(&self) -> bool {
        matches!(self.kind, Kind::Probe(_))
    }
}
