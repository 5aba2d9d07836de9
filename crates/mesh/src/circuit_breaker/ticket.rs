//! Whether a call goes through, and what it has to show for it.

use std::time::Duration;

use super::word::{GENERATION_BITS, Word, low};

/// Whether a call goes through.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Admission {
    Pass(Ticket),
    /// With the time until the next probe, if it is known.
    Refuse(Option<Duration>),
}

/// What a call has to show when it tells what came of it: `place: 32 | kind: 4 | generation: 28`. It is one word, since calls are moved often, and what consists of
/// parts of words is moved slowly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket(u64);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Counted,
    Uncounted,
    /// With the number of its place.
    Probe(u32),
}

impl Admission {
    pub(super) const fn pass(word: Word, kind: Kind) -> Self {
        Self::Pass(Ticket::new(word.generation, kind))
    }
}

const KIND_AT: u32 = GENERATION_BITS;
const PLACE_AT: u32 = u32::BITS;
const COUNTED: u64 = 1 << KIND_AT;
const PROBE: u64 = 2 << KIND_AT;

impl Ticket {
    /// Of a call of which nothing is to be told, or no more.
    pub(super) const UNCOUNTED: Self = Self::new(0, Kind::Uncounted);

    const fn new(generation: u32, kind: Kind) -> Self {
        let kind = match kind {
            Kind::Uncounted => 0,
            Kind::Counted => COUNTED,
            Kind::Probe(place) => PROBE | (place as u64) << PLACE_AT,
        };
        Self(kind | generation as u64)
    }

    #[inline]
    pub(super) const fn generation(self) -> u32 {
        low(self.0 & (COUNTED - 1))
    }

    #[inline]
    pub(super) const fn kind(self) -> Kind {
        if self.0 & COUNTED != 0 {
            Kind::Counted
        } else if self.is_probe() {
            Kind::Probe(low(self.0 >> PLACE_AT))
        } else {
            Kind::Uncounted
        }
    }

    /// Whether it holds a place that has to be given back.
    #[inline]
    pub(super) const fn is_probe(self) -> bool {
        self.0 & PROBE != 0
    }
}

#[cfg(all(test, not(any(mesh_loom, mesh_shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_says_what_it_was_made_of() {
        let last = (1 << GENERATION_BITS) - 1;
        for generation in [0, 1, last] {
            for kind in
                [Kind::Counted, Kind::Uncounted, Kind::Probe(0), Kind::Probe(7), Kind::Probe(u32::MAX)]
            {
                let ticket = Ticket::new(generation, kind);
                assert_eq!((ticket.generation(), ticket.kind()), (generation, kind));
                assert_eq!(ticket.is_probe(), matches!(kind, Kind::Probe(_)));
            }
        }
    }
}
