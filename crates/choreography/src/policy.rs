//! Policies: on this event, this.

use contracts::happenings::Happening;
use event_store::{Filter, InvalidName};

/// One line of a service's policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy<R> {
    /// What somebody tells of.
    pub on: Happening,
    /// What the service does then.
    pub reaction: R,
}

/// On this, that.
pub const fn on<R: Copy>(happening: Happening, reaction: R) -> Policy<R> {
    Policy { on: happening, reaction }
}

/// What a service does on an event of this type, if anything.
pub fn reaction_to<R: Copy>(policies: &[Policy<R>], kind: &str) -> Option<R> {
    policies.iter().find(|policy| policy.on.kind == kind).map(|policy| policy.reaction)
}

/// Where a service hears of what it reacts to; each topic once, in the order of its policies.
#[must_use]
pub fn topics<R>(policies: &[Policy<R>]) -> Vec<&'static str> {
    let mut topics = Vec::new();
    for Policy { on, .. } in policies {
        if !topics.contains(&on.topic) {
            topics.push(on.topic);
        }
    }
    topics
}

/// The events of a ledger that these policies are about, and hardly any others: what is before the dot of a type is the
/// category of its stream.
///
/// # Errors
/// None, as long as happenings are called so.
pub fn filter<R>(policies: &[Policy<R>]) -> Result<Filter, InvalidName> {
    let parts = policies.iter().filter_map(|policy| policy.on.kind.split_once('.'));
    let (mut categories, kinds): (Vec<&str>, Vec<&str>) = parts.unzip();
    categories.sort_unstable();
    categories.dedup();
    Ok(Filter::default().categories(&categories)?.kinds(&kinds))
}

#[cfg(test)]
mod tests {
    use contracts::happenings::{CALLED_OFF, CREDIT_RESERVED, DISPATCHED};

    use super::*;

    const POLICIES: &[Policy<char>] = &[on(CALLED_OFF, 'a'), on(DISPATCHED, 'b'), on(CREDIT_RESERVED, 'c')];

    #[test]
    fn a_service_reacts_to_the_types_of_events_that_its_policies_name_and_to_no_other() {
        assert_eq!(reaction_to(POLICIES, "shipping.dispatched"), Some('b'));
        assert_eq!(reaction_to(POLICIES, "shipping.requested"), None);
    }

    #[test]
    fn a_topic_with_several_happenings_is_followed_once() {
        assert_eq!(topics(POLICIES), ["shipping.reports", "customers.reports"]);
    }
}
