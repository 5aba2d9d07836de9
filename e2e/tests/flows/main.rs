//! `docs/flows.md` is what the services' own registrations say: their policies, the saga's definition, the routes of
//! commands, the kinds of copies. Nothing is started for it: orders are told through the pure parts of the services.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that cannot go on fails the test that called it"
)]

mod knowledge;
mod story;

mod choreographed;
mod orchestrated;
mod services;

mod dependencies;
mod document;
mod draw;

use contracts::Style;
use story::Scenario;

/// Every style of which a whole order can be told.
const STYLES: [Style; 5] =
    [Style::Rest, Style::Messaging, Style::Notification, Style::StateTransfer, Style::EventSourcing];

#[test]
fn the_document_is_what_the_services_say() {
    document::is(&document::generated());
}

#[test]
fn in_every_style_the_same_order_has_the_same_statuses() {
    for scenario in [Scenario::Succeeds, Scenario::IsCancelled] {
        let told = STYLES.map(|style| story::of(style, scenario).statuses());
        assert!(told.iter().all(|statuses| *statuses == told[0]), "{scenario:?}: {told:#?}");
    }
}

#[test]
fn every_policy_takes_part_in_some_story_or_undoes_a_refusal() {
    let stories = [Scenario::Succeeds, Scenario::IsCancelled, Scenario::IsOutOfStock]
        .map(|scenario| story::of(Style::StateTransfer, scenario));
    let lines: Vec<_> = stories.iter().flat_map(|story| story.lines().iter()).collect();
    for policy in services::policies().into_iter().filter(|policy| policy.service != "ordering") {
        let reacts = |line: &&&story::Line| line.to == policy.service && line.text.contains(policy.on.kind);
        assert!(
            lines.iter().any(|line| reacts(&line)),
            "{} does nothing on {}",
            policy.service,
            policy.on.kind
        );
    }
}
