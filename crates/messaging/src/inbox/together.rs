//! Handling what was received at once in one transaction, with one look and one count for many messages.
//!
//! Each message is handled once and in its order, as it would be alone; what is saved are statements. So nothing is parked here:
//! as soon as one message needs anything but to be handled, none of them is, and each is handled alone.

use std::collections::BTreeMap;

use database::{Transaction, params};

use super::{Failure, Scope, Verdict, store, versions, versions::Link};
use crate::consumer::Enriched;
use crate::envelope::UNREADABLE;
use crate::{Envelope, Tally};

/// What a partition of a producer has counted: before the first of these messages, with the last, and those of them that are
/// handled.
struct Counted {
    began: Tally,
    latest: Tally,
    handled: Tally,
}

/// Handles messages in their order; `None` if each has to be handled alone.
pub(crate) async fn handle_together<H: Enriched>(
    tx: &mut Transaction,
    scope: &Scope,
    handler: &H,
    messages: &[(&Envelope, &H::Facts)],
) -> Result<Option<Vec<Verdict>>, Failure> {
    let (consumer, topic) = (&*scope.consumer, &*scope.topic);
    // Before anything is written: what is answered with `None` is committed, too.
    let is_readable = |(message, _): &(&Envelope, &H::Facts)| message.kind != UNREADABLE;
    let blocked = tx.query_opt(store::ANY_BLOCKED, params![consumer, topic], |_| Ok(())).await?;
    if blocked.is_some() || !messages.iter().all(is_readable) {
        return Ok(None);
    }
    let mut verdicts = Vec::with_capacity(messages.len());
    let mut new: Vec<(&Envelope, &H::Facts)> = Vec::with_capacity(messages.len());
    let mut versions: BTreeMap<&str, Option<u64>> = BTreeMap::new();
    let mut counts: BTreeMap<(&str, u8), Counted> = BTreeMap::new();
    for &(message, facts) in messages {
        if tx.execute(store::HANDLE, params![consumer, topic, message.id, tx.now()]).await? == 0 {
            verdicts.push(Verdict::Duplicate);
            continue;
        }
        if !versions.contains_key(&*message.subject) && message.version.is_some() {
            versions.insert(&message.subject, versions::at(tx, scope, &message.subject).await?);
        }
        let at = versions.get(&*message.subject).copied().flatten();
        match versions::link_from(tx, scope, message, at).await? {
            Link::Gap(gap) => return Err(Failure::Gap(gap)),
            Link::Older => {}
            Link::Next => {
                new.push((message, facts));
                if message.version.is_some() {
                    versions.insert(&message.subject, message.version);
                }
            }
        }
        count(&mut counts, message);
        verdicts.push(Verdict::Handled);
    }
    handler.handle_all(tx, &new).await.map_err(Failure::Handler)?;
    for (subject, version) in versions {
        if let Some(version) = version {
            tx.execute(store::ADVANCE, params![consumer, topic, subject, version]).await?;
        }
    }
    for ((source, partition), Counted { began, latest, handled }) in counts {
        super::count_in(tx, scope, (source, partition), (began, latest), (handled, Tally::default())).await?;
    }
    Ok(Some(verdicts))
}

/// Adds a message to what its partition counts. In a partition messages come as they were counted.
fn count<'a>(counts: &mut BTreeMap<(&'a str, u8), Counted>, message: &'a Envelope) {
    let Some(latest) = message.tally else { return };
    let one = Tally::one(message.fingerprint());
    let of = counts.entry((&message.source, message.partition()));
    let of = of.or_insert_with(|| Counted { began: latest.since(one), latest, handled: Tally::default() });
    if latest.count > of.latest.count {
        of.latest = latest;
    }
    of.handled = of.handled.plus(one);
}
