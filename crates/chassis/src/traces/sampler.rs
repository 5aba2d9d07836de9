//! Which traces are recorded.

use std::{fmt, str::FromStr};

use crate::trace::Trace;

/// Which traces are recorded: decided where a request enters an App, and kept to by all that follows from it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampler {
    /// Whether the caller's word counts, if there is a caller that says.
    parent_based: bool,
    share: Share,
}

impl Sampler {
    /// As `OTEL_TRACES_SAMPLER` names it, with a share where it takes one.
    #[must_use]
    pub fn new(name: Name, share: Option<Share>) -> Self {
        let Name { parent_based, what } = name;
        let share = match what {
            What::All => Share::ALL,
            What::None => Share::NONE,
            What::Share => share.unwrap_or(Share::ALL),
        };
        Self { parent_based, share }
    }

    pub(super) fn decide(&self, asked: Option<Trace>, fresh: impl FnOnce() -> Trace) -> Trace {
        match asked {
            Some(asked) if self.parent_based => asked,
            asked => {
                let trace = asked.unwrap_or_else(fresh);
                trace.sampled(self.share.has(&trace))
            }
        }
    }
}

/// What is usual: the caller's word counts, and what begins here is recorded.
impl Default for Sampler {
    fn default() -> Self {
        Self { parent_based: true, share: Share::ALL }
    }
}

/// The name of a sampler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name {
    parent_based: bool,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    All,
    None,
    Share,
}

impl FromStr for Name {
    type Err = UnknownSampler;

    fn from_str(name: &str) -> Result<Self, UnknownSampler> {
        let (parent_based, what) = match name.strip_prefix("parentbased_") {
            Some(root) => (true, root),
            None => (false, name),
        };
        let what = match what {
            "always_on" => What::All,
            "always_off" => What::None,
            "traceidratio" => What::Share,
            _ => return Err(UnknownSampler),
        };
        Ok(Self { parent_based, what })
    }
}

/// Not the name of a [`Sampler`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be `always_on`, `always_off` or `traceidratio`, or one of these after `parentbased_`")]
pub struct UnknownSampler;

/// A share of all traces: the same ones in every service that has the same share, since the trace's id decides.
#[derive(Clone, Copy, PartialEq)]
pub struct Share(f64);

impl Share {
    const ALL: Self = Self(1.0);
    const NONE: Self = Self(0.0);

    /// As OpenTelemetry's SDKs for Rust, Go and Java do it: the lower half of the id, as a number of 63 bits.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 2^63, and a share need not be exact"
    )]
    fn has(self, trace: &Trace) -> bool {
        let bound = (self.0 * (1_u64 << 63) as f64) as u64;
        let [.., a, b, c, d, e, f, g, h] = trace.trace_id_bytes();
        u64::from_be_bytes([a, b, c, d, e, f, g, h]) >> 1 < bound
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for Share {
    type Err = NotAShare;

    fn from_str(text: &str) -> Result<Self, NotAShare> {
        let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
        share.map(Self).ok_or(NotAShare)
    }
}

/// Not a [`Share`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a number from 0 to 1")]
pub struct NotAShare;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ids::Random, trace};

    fn sampler(name: &str, share: &str) -> Sampler {
        Sampler::new(name.parse().unwrap(), Some(share.parse().unwrap()))
    }

    /// Whether each sampler records: what begins here, what a caller records, and what one does not.
    #[test]
    fn a_callers_word_counts_where_the_sampler_is_based_on_it() {
        let trace = trace::fresh(&Random::seeded(1));
        let of = |name: &str| {
            let asked = [None, Some(trace.sampled(true)), Some(trace.sampled(false))];
            asked.map(|asked| sampler(name, "1").decide(asked, || trace).is_sampled())
        };
        assert_eq!(of("parentbased_always_on"), [true, true, false]);
        assert_eq!(of("parentbased_always_off"), [false, true, false]);
        assert_eq!(of("parentbased_traceidratio"), [true, true, false]);
        assert_eq!(of("always_on"), [true; 3]);
        assert_eq!(of("always_off"), [false; 3]);
        assert_eq!(of("traceidratio"), [true; 3]);
        assert_eq!(Sampler::default(), sampler("parentbased_always_on", "1"));
    }

    #[test]
    fn a_share_is_about_that_share_and_the_same_traces_everywhere() {
        let random = Random::seeded(7);
        let traces: Vec<_> = (0..10_000).map(|_| trace::fresh(&random)).collect();
        let one = sampler("traceidratio", "0.01");
        let recorded = traces.iter().filter(|trace| one.decide(None, || **trace).is_sampled()).count();
        assert!((50..200).contains(&recorded), "{recorded}");
        let ten = sampler("parentbased_traceidratio", "0.1");
        assert!(traces.iter().all(|trace| {
            !one.decide(None, || *trace).is_sampled() || ten.decide(None, || *trace).is_sampled()
        }));
    }

    #[test]
    fn what_is_no_sampler_and_no_share_is_refused() {
        for name in ["", "jaeger_remote", "parentbased_", "parentbased_parentbased_always_on"] {
            assert_eq!(name.parse::<Name>(), Err(UnknownSampler), "{name}");
        }
        for share in ["", "-0.1", "1.1", "NaN", "half"] {
            assert_eq!(share.parse::<Share>(), Err(NotAShare), "{share}");
        }
    }
}
