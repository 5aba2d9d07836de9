//! Which endpoint a call goes to: chance and time come as values, and nothing changes by looking.

use std::time::Duration;

use super::estimate::Scale;
use crate::{Refused, Why, clock::Moment, random::mix};

/// What stands before an endpoint and tells the pool whether calls get through.
pub(super) trait Gate {
    /// Whether every call gets through.
    fn is_open_to_all(&self) -> bool;
    /// Whether a call that came now would get through: perhaps as a probe.
    fn is_willing(&self) -> bool;
    /// In how long the next probe is due, if it is known.
    fn next_probe(&self) -> Option<Duration>;
}

/// An endpoint, as the choice sees it.
pub(super) trait Candidate: Gate {
    /// What a call of it costs: the less the better.
    fn cost(&self, terms: &Terms) -> f32;
    /// How much of its share it gets, from 0 to 1, while it begins.
    fn share(&self, now: Moment) -> f32;
    /// A number that it has in every process.
    fn hash(&self) -> u64;
}

/// What costs are reckoned by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) at: Scale,
    /// How long an answer usually takes, in nanoseconds, if any is known.
    pub(super) usual: Option<f32>,
}

/// The endpoints that calls go to. It changes as a whole, when an endpoint comes or goes, is ejected or returns, or its gate changes.
#[derive(Debug)]
pub(super) struct Choices<M> {
    /// Their gates are open to all.
    pub(super) candidates: Vec<M>,
    /// Their gates let probes through, at most.
    pub(super) gated: Vec<M>,
    /// Too few are eligible: ejections and slow start are ignored.
    pub(super) panicking: bool,
    /// Whether anybody has said yet which endpoints there are.
    pub(super) known: bool,
}

impl<M> Default for Choices<M> {
    fn default() -> Self {
        Self { candidates: vec![], gated: vec![], panicking: false, known: false }
    }
}

impl<M: Candidate> Choices<M> {
    /// The endpoint for a call. A probe that is due goes first, since an endpoint that looks bad would never be chosen otherwise; then
    /// it is the better one of two. `but` is left out, if there is another one.
    #[inline]
    pub(super) fn pick(&self, terms: &Terms, chance: u64, but: Option<&M>) -> Result<&M, Refused> {
        if let Some(due) = self.due(chance) {
            return Ok(due);
        }
        match self.candidates.as_slice() {
            [] => self.any_gated(),
            [only] => Ok(only),
            many => {
                let first = below(many.len(), chance >> 32);
                let second = (first + 1 + below(many.len() - 1, chance & 0xffff_ffff)) % many.len();
                let (one, other) = (&many[first], &many[second]);
                Ok(match but {
                    Some(but) if std::ptr::eq(one, but) => other,
                    Some(but) if std::ptr::eq(other, but) => one,
                    _ => self.better(one, other, terms, chance),
                })
            }
        }
    }

    /// The endpoint of a session: the one that has most of the key (rendezvous hashing: Thaler and Ravishankar, 1998), so that when one comes or
    /// goes, only its own sessions move. A probe of a gated one is made by a session of its own.
    pub(super) fn of_session(&self, key: u64) -> Result<&M, Refused> {
        let willing = self.gated.iter().filter(|gated| gated.is_willing());
        let all = self.candidates.iter().chain(willing);
        all.max_by_key(|candidate| mix(key ^ candidate.hash())).map_or_else(|| self.any_gated(), Ok)
    }

    /// One of the gated by chance, if it is willing; that it is one keeps the cost of a pick the same for any number of them.
    #[inline]
    fn due(&self, chance: u64) -> Option<&M> {
        if self.gated.is_empty() {
            return None;
        }
        let gated = &self.gated[below(self.gated.len(), mix(chance) >> 32)];
        gated.is_willing().then_some(gated)
    }

    /// All are gated: whoever is willing, else when the first of them will be.
    #[cold]
    fn any_gated(&self) -> Result<&M, Refused> {
        if self.gated.is_empty() {
            return Err(Refused::new(Why::NoEndpoint, None));
        }
        let soonest = || self.gated.iter().filter_map(Gate::next_probe).min();
        let willing = self.gated.iter().find(|gated| gated.is_willing());
        willing.ok_or_else(|| Refused::new(Why::CircuitOpen, soonest()))
    }

    #[inline]
    fn better<'m>(&self, one: &'m M, other: &'m M, terms: &Terms, chance: u64) -> &'m M {
        let shares = (one.share(terms.at.now), other.share(terms.at.now));
        if !self.panicking && (shares.0 < 1.0 || shares.1 < 1.0) {
            let chance = mix(chance);
            let part = |bits: u64| (bits & 0xffff_ffff) as f32 / 4_294_967_296.0;
            match (part(chance) < shares.0, part(chance >> 32) < shares.1) {
                (true, false) => return one,
                (false, true) => return other,
                _ => {}
            }
        }
        if other.cost(terms) < one.cost(terms) { other } else { one }
    }
}

/// A number below `count` by 32 bits of chance (Lemire: Fast random integer generation in an interval, 2019; without its rejection).
#[inline]
fn below(count: usize, chance: u64) -> usize {
    ((count as u64 * (chance & 0xffff_ffff)) >> 32) as usize
}

impl<T: Gate> Gate for std::sync::Arc<T> {
    fn is_open_to_all(&self) -> bool {
        (**self).is_open_to_all()
    }

    fn is_willing(&self) -> bool {
        (**self).is_willing()
    }

    fn next_probe(&self) -> Option<Duration> {
        (**self).next_probe()
    }
}

impl<T: Candidate> Candidate for std::sync::Arc<T> {
    #[inline]
    fn cost(&self, terms: &Terms) -> f32 {
        (**self).cost(terms)
    }

    #[inline]
    fn share(&self, now: Moment) -> f32 {
        (**self).share(now)
    }

    fn hash(&self) -> u64 {
        (**self).hash()
    }
}
