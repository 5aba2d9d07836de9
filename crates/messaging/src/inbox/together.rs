//! Handling what was received at once in one transaction, with one look and one count for many messages.
//!
//! Each message is handled once and in its order, as it would be alone; what is saved are statements. So nothing is parked here:
//! as soon as one message needs anything but to be handled, none of them is, and each is handled alone.

use std::collections::BTreeMap;

use database::{Transaction, params};

use super::{Failure, Scope, Verdict, store, versions, versions::Standing};
use crate::consumer::Enriched;
use crate::envelope::UNREADABLE;
use crate::{Envelope, Tally};

/// What there is to be counted of a partition of a producer.
struct Counted {
    /// What it has counted with the latest of these messages.
    latest: Tally,
    /// What it had counted before each of them, and that one.
    messages: Vec<(Tally, Tally)>,
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
    let mut versions: BTreeMap<&str, u64> = BTreeMap::new();
    let mut counts: BTreeMap<(&str, u8), Counted> = BTreeMap::new();
    for &(message, facts) in messages {
        if !is_new(tx, scope, message, &mut versions).await? {
            verdicts.push(Verdict::Duplicate);
            continue;
        }
        new.push((message, facts));
        count(&mut counts, message);
        verdicts.push(Verdict::Handled);
    }
    handler.handle_all(tx, &new).await.map_err(Failure::Handler)?;
    for (subject, version) in versions {
        tx.execute(store::ADVANCE, params![consumer, topic, subject, version]).await?;
    }
    for (of, counted) in counts {
        count_all(tx, scope, of, &counted).await?;
    }
    Ok(Some(verdicts))
}

/// Whether a message was not handled before. `versions` has those that aggregates are at with the messages before it, and with
/// it.
async fn is_new<'a>(
    tx: &mut Transaction,
    scope: &Scope,
    message: &'a Envelope,
    versions: &mut BTreeMap<&'a str, u64>,
) -> Result<bool, Failure> {
    let Some(version) = message.version else { return Ok(super::remember(tx, scope, message).await?) };
    let Standing { at, is_known, .. } = versions::standing(tx, scope, message, version).await?;
    let at = versions.get(&*message.subject).copied().or(at);
    if is_known || at.is_some_and(|at| version <= at) {
        return Ok(false);
    }
    if let Some(gap) = versions::gap(tx, scope, message, at).await? {
        return Err(Failure::Gap(gap));
    }
    versions.insert(&message.subject, version);
    Ok(true)
}

/// Adds a message to what is to be counted of its partition.
fn count<'a>(counts: &mut BTreeMap<(&'a str, u8), Counted>, message: &'a Envelope) {
    let Some(latest) = message.tally else { return };
    let one = Tally::one(message.fingerprint());
    let of = counts.entry((&message.source, message.partition()));
    let of = of.or_insert_with(|| Counted { latest, messages: Vec::new() });
    if latest.count > of.latest.count {
        of.latest = latest;
    }
    of.messages.push((latest.since(one), one));
}

/// Counts those of a partition's messages that came after its beginning: only those of one key come as they were counted, so
/// that one from before it may be behind others.
async fn count_all(
    tx: &mut Transaction,
    scope: &Scope,
    of: (&str, u8),
    Counted { latest, messages }: &Counted,
) -> Result<(), Failure> {
    let [(first, one), others @ ..] = &**messages else { return Ok(()) };
    let (mut began, mut handled) = (*first, *one);
    if !others.is_empty() {
        let at = params![&*scope.consumer, &*scope.topic, of.0, u32::from(of.1)];
        let beginning: Option<u64> = tx.query_opt(store::BEGAN, at, |row| row.get(0)).await?;
        let is_after = |before: &Tally| before.count >= beginning.unwrap_or(first.count);
        let counted = || messages.iter().filter(|(before, _)| is_after(before));
        began = counted().next().map_or(began, |(before, _)| *before);
        handled = counted().fold(Tally::default(), |sum, (_, one)| sum.plus(*one));
    }
    Ok(super::count_in(tx, scope, of, (began, *latest), (handled, Tally::default())).await?)
}
