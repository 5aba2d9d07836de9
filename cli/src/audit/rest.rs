//! Whether a system is at rest: nothing is to be done any more, and every message has arrived.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::Duration,
};

use contracts::style::Style;
use messaging::audit::{Disagreement, InboxAudit, OutboxAudit};
use tokio::time::{Instant, sleep};

use super::{States, states};
use crate::remote::{Admin, App, Error};

/// How often to look.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Something that is not at rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Busy {
    /// Whose it is.
    pub service: String,
    /// What is to be done yet.
    pub what: String,
}

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.service, self.what)
    }
}

/// Everything in one style that is not at rest.
#[must_use]
pub fn busy(states: &States) -> Vec<Busy> {
    let mut busy = Vec::new();
    for (service, state) in states {
        let mut note = |what: String| busy.push(Busy { service: service.clone(), what });
        for (name, count) in state.pending.iter().filter(|(_, count)| **count != 0) {
            note(format!("{name} pending: {count}"));
        }
        if let Some(outbox) = state.outbox.as_ref().filter(|outbox| outbox.unconfirmed > 0) {
            note(format!("{} messages not published yet", outbox.unconfirmed));
        }
        if let Some(inbox) = state.inbox.as_ref().filter(|inbox| inbox.parked > 0) {
            note(format!("{} messages parked, {} keys wait for an operator", inbox.parked, inbox.stuck));
        }
    }
    let on_their_way = disagreements(states).into_iter();
    busy.extend(on_their_way.map(|it| Busy { service: it.source.clone(), what: it.to_string() }));
    busy
}

/// Where what was sent and what was handled do not agree.
pub(crate) fn disagreements(states: &States) -> Vec<Disagreement> {
    let named = |(service, state): (&String, &super::State)| Some((service.clone(), state.outbox.clone()?));
    let outboxes: BTreeMap<String, OutboxAudit> = states.iter().filter_map(named).collect();
    let inboxes: Vec<_> = states.values().filter_map(|state| state.inbox.clone()).map(by_service).collect();
    messaging::audit::compare(&outboxes, &inboxes)
}

/// The sources of messages by the names of the services: the last part of `/messaging/customers`, say.
fn by_service(mut inbox: InboxAudit) -> InboxAudit {
    for row in &mut inbox.partitions {
        if let Some((_, service)) = row.source.rsplit_once('/') {
            row.source = service.to_owned();
        }
    }
    inbox
}

/// Waits until the services of all these styles are at rest, and answers what is not when `patience` is over.
///
/// # Errors
/// One of them does not tell.
pub async fn until_rest(
    admin: &Admin,
    apps: &BTreeSet<App>,
    styles: &[Style],
    patience: Duration,
) -> Result<Vec<Busy>, Error> {
    let give_up = Instant::now() + patience;
    let mut before = None;
    loop {
        let now = states(admin, apps, styles).await?;
        let mut busy: Vec<_> = now.iter().flat_map(|(_, states)| busy(states)).collect();
        // Services are asked one after the other, and what moves from one to another meanwhile could be missed in both: the
        // system is at rest if it is twice, and nothing was counted in between.
        let quiet = busy.is_empty();
        if quiet && before.as_ref() == Some(&now) {
            return Ok(busy);
        }
        if quiet && before.is_some() {
            busy.push(Busy { service: "all".to_owned(), what: "messages are still being sent".to_owned() });
        }
        if !busy.is_empty() && Instant::now() >= give_up {
            return Ok(busy);
        }
        if !quiet {
            sleep(LOOK_EVERY).await;
        }
        before = quiet.then_some(now);
    }
}
