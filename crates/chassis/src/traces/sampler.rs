//! Which traces are recorded, as `OTEL_TRACES_SAMPLER` names it.

use std::str::FromStr;

use opentelemetry_sdk::trace::Sampler;

use super::config::Bad;

/// A sampler by its name: whether the caller's word counts, if there is a caller that says, and what else does.
#[derive(Clone, Debug)]
pub(super) struct Name {
    parent_based: bool,
    root: Sampler,
}

impl Name {
    /// The SDK's sampler of this name, with a share where it takes one.
    pub(super) fn sampler(self, share: Option<Share>) -> Sampler {
        let root = match (self.root, share) {
            (Sampler::TraceIdRatioBased(_), Some(Share(share))) => Sampler::TraceIdRatioBased(share),
            (root, _) => root,
        };
        if self.parent_based { Sampler::ParentBased(Box::new(root)) } else { root }
    }
}

/// What is usual: the caller's word counts, and what begins here is recorded.
impl Default for Name {
    fn default() -> Self {
        Self { parent_based: true, root: Sampler::AlwaysOn }
    }
}

impl FromStr for Name {
    type Err = Bad;

    fn from_str(name: &str) -> Result<Self, Bad> {
        let (parent_based, root) = match name.strip_prefix("parentbased_") {
            Some(root) => (true, root),
            None => (false, name),
        };
        let root = match root {
            "always_on" => Sampler::AlwaysOn,
            "always_off" => Sampler::AlwaysOff,
            "traceidratio" => Sampler::TraceIdRatioBased(1.0),
            _ => {
                return Err(Bad(
                    "must be `always_on`, `always_off` or `traceidratio`, or one of these after `parentbased_`",
                ));
            }
        };
        Ok(Self { parent_based, root })
    }
}

/// A share of all traces: the same ones in every service that has the same share, since the trace's id decides.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share(f64);

impl FromStr for Share {
    type Err = Bad;

    fn from_str(text: &str) -> Result<Self, Bad> {
        let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
        share.map(Self).ok_or(Bad("must be a number from 0 to 1"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_a_share_are_the_sdks_sampler() {
        let sampler =
            |name: &str| format!("{:?}", name.parse::<Name>().unwrap().sampler(Some("0.1".parse().unwrap())));
        assert_eq!(sampler("always_on"), "AlwaysOn");
        assert_eq!(sampler("parentbased_always_off"), "ParentBased(AlwaysOff)");
        assert_eq!(sampler("traceidratio"), "TraceIdRatioBased(0.1)");
        assert_eq!(sampler("parentbased_traceidratio"), "ParentBased(TraceIdRatioBased(0.1))");
        assert_eq!(sampler("parentbased_always_on"), format!("{:?}", Name::default().sampler(None)));
    }

    #[test]
    fn what_is_no_sampler_and_no_share_is_refused() {
        for name in ["", "jaeger_remote", "parentbased_", "parentbased_parentbased_always_on"] {
            assert!(name.parse::<Name>().is_err(), "{name}");
        }
        for share in ["", "-0.1", "1.1", "NaN", "half"] {
            assert!(share.parse::<Share>().is_err(), "{share}");
        }
    }
}
