//! What is told of an order that has come to rest: all that was done about it, and nothing twice.

use std::collections::{BTreeMap, BTreeSet};

use contracts::{
    Style,
    ordering::Order,
    timeline::{Entry, Kind, Timeline},
};

/// Whether the timeline has everything that made the order what it is.
pub(crate) fn is_all(style: Style, order: &Order, told: &Timeline) {
    assert_eq!(told.warnings, [], "{order:?}");
    no_address(told);
    let said = || format!("of {order:?} is told: {told:#?}");
    causes_come_first(told).unwrap_or_else(|what| panic!("{what}, {}", said()));
    events_are_unbroken(told).unwrap_or_else(|what| panic!("{what}, {}", said()));
    let events = of(told, Kind::Event).filter(|event| event.name.starts_with("order."));
    assert_eq!(events.clone().count() as u64, order.version, "{}", said());
    let status = events.filter_map(|event| event.outcome.clone()).last();
    assert_eq!(status, serde_json::to_value(order.status).unwrap().as_str().map(str::to_owned), "{}", said());
    whatever_is_handled_was_told(style, told).unwrap_or_else(|what| panic!("{what}, {}", said()));
    every_question_is_answered(told).unwrap_or_else(|what| panic!("{what}, {}", said()));
}

/// Nothing is told of where services listen: why a call failed is said in one of a few words.
pub(crate) fn no_address(told: &Timeline) {
    for entry in &told.entries {
        let detail = entry.detail.as_deref().unwrap_or_default();
        assert!(!detail.contains("://") && !detail.contains("127.0.0.1"), "{entry:?}");
    }
}

fn of(told: &Timeline, kind: Kind) -> impl Iterator<Item = &Entry> + Clone {
    told.entries.iter().filter(move |entry| entry.kind == kind)
}

fn causes_come_first(told: &Timeline) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for entry in &told.entries {
        if entry.caused_by.as_ref().is_some_and(|cause| !seen.contains(cause)) {
            return Err(format!("{entry:?} comes before its cause"));
        }
        if !seen.insert(entry.id.clone()) {
            return Err(format!("{entry:?} is told twice"));
        }
    }
    Ok(())
}

/// What belongs to this order alone is told from its first version on; of what is shared, each version once.
fn events_are_unbroken(told: &Timeline) -> Result<(), String> {
    let mut versions: BTreeMap<(&str, &str), Vec<u64>> = BTreeMap::new();
    for event in of(told, Kind::Event) {
        let detail = event.detail.as_deref().unwrap_or_default();
        let (id, version) = detail.rsplit_once(' ').unwrap_or(("", detail));
        let aggregate = event.name.split('.').next().unwrap_or_default();
        let version =
            version.trim_start_matches('v').parse().map_err(|_| format!("{event:?} has no version"))?;
        versions.entry((aggregate, id)).or_default().push(version);
    }
    for ((aggregate, id), versions) in versions {
        let rising = versions.windows(2).all(|pair| pair[0] < pair[1]);
        let unbroken = versions.iter().copied().eq(1..=versions.len() as u64);
        if !rising || (id.is_empty() && !unbroken) {
            return Err(format!("the events of {aggregate} {id} have the versions {versions:?}"));
        }
    }
    Ok(())
}

/// What is published is for whoever wants it, each of them once; all else was sent to somebody, who has handled it once. Where
/// services follow the ledger nobody sends a message: what they handle are events.
fn whatever_is_handled_was_told(style: Style, told: &Timeline) -> Result<(), String> {
    let messages = |outcome: &'static str| {
        of(told, Kind::Message).filter(move |it| it.outcome.as_deref() == Some(outcome))
    };
    let mut handled: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    for message in messages("handled") {
        let Some(cause) = &message.caused_by else { return Err(format!("nobody told {message:?}")) };
        handled.entry(cause).or_default().push(message);
    }
    let causes: Vec<&Entry> = match style {
        Style::EventSourcing => of(told, Kind::Event).collect(),
        _ => messages("sent").collect(),
    };
    for cause in causes {
        let by = handled.remove(&*cause.id).unwrap_or_default();
        let services: BTreeSet<_> = by.iter().map(|it| &it.service).collect();
        let to_somebody = cause.kind == Kind::Message && cause.peer.is_some();
        let is_it = by.iter().all(|it| it.name == cause.name);
        if services.len() < by.len() || (to_somebody && by.len() != 1) || !is_it {
            return Err(format!("{cause:?} was handled by {by:?}"));
        }
    }
    if handled.is_empty() { Ok(()) } else { Err(format!("nobody told what was handled: {handled:?}")) }
}

/// Whoever was asked for a step of the saga has answered, or its undo has.
fn every_question_is_answered(told: &Timeline) -> Result<(), String> {
    let mut asked: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for step in of(told, Kind::Saga).filter(|step| step.name != "saga") {
        asked.entry(&step.name).or_default().push(step.outcome.as_deref().unwrap_or_default());
    }
    for (step, outcomes) in asked {
        let doubled = outcomes.iter().collect::<BTreeSet<_>>().len() < outcomes.len();
        let last = outcomes.last().copied().unwrap_or_default();
        if doubled || !["done", "undone", "refused", "deferred"].contains(&last) {
            return Err(format!("`{step}` came to {outcomes:?}"));
        }
    }
    Ok(())
}
