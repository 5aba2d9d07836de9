//! The record of a transaction: collected while it runs, written once at its end.

use std::{collections::BTreeMap, mem::take};

use database::{Error, Transaction, params};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Cause, Entry, Origin, cause::because, entry::simple, store};

/// What one transaction did about one subject for one reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// How it came here.
    #[serde(rename = "o", default, skip_serializing_if = "Origin::is_unknown")]
    pub origin: Origin,
    /// The message or the request that it is a reaction to.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none", with = "simple")]
    pub cause: Option<Uuid>,
    /// On whose behalf; only where a request came from outside, since everything after that follows from it.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// The place in a trace, as a `traceparent`; only where a request came from outside.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// What was done, in order.
    #[serde(rename = "e", default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<Entry>,
}

/// What a transaction has noted so far: for every reason that was given, what was done.
#[derive(Default)]
struct Noted(Vec<(Cause, Vec<Entry>)>);

/// Notes what the transaction did, about the subject of the [cause](because) that was said last. Without a subject
/// nothing is kept.
pub fn note(tx: &mut Transaction, entry: Entry) {
    if tx.annotated::<Noted>().is_none() {
        return;
    }
    tx.annotate(|noted: &mut Noted| {
        if let Some((cause, entries)) = noted.0.last_mut()
            && cause.subject.is_some()
        {
            entries.push(entry);
        }
    });
}

/// Like [`note`], for one who knows the subject: it is kept whether somebody said why or not.
pub fn note_about(tx: &mut Transaction, subject: Uuid, entry: Entry) {
    let said = current(tx);
    if said.and_then(|cause| cause.subject) != Some(subject) {
        let cause = said.cloned().unwrap_or_default().about(subject);
        because(tx, &cause);
    }
    note(tx, entry);
}

pub(crate) fn begin(tx: &mut Transaction, cause: Cause) {
    if tx.annotated::<Noted>().is_none() {
        tx.before_commit(|tx| Box::pin(write(tx)));
    }
    tx.annotate(|noted: &mut Noted| noted.0.push((cause, Vec::new())));
}

pub(crate) fn current(tx: &Transaction) -> Option<&Cause> {
    tx.annotated::<Noted>()?.0.last().map(|(cause, _)| cause)
}

/// Writes what was noted: one row for every subject, which is one but where messages about several share a transaction.
async fn write(tx: &mut Transaction) -> Result<(), Error> {
    let noted = tx.annotate(|noted: &mut Noted| take(&mut noted.0));
    let mut subjects: BTreeMap<Uuid, Vec<Record>> = BTreeMap::new();
    for (cause, entries) in noted {
        if let Some(subject) = cause.subject.filter(|_| is_worth_a_row(&cause, &entries)) {
            subjects.entry(subject).or_default().push(Record::of((cause, entries)));
        }
    }
    for (subject, records) in subjects {
        // Records are made of texts and numbers: they always have a JSON form.
        let text = serde_json::to_string(&records).unwrap_or_default();
        tx.execute(store::WRITE, params![subject, tx.now(), tx.owner(), text]).await?;
    }
    Ok(())
}

/// That a message came is worth to be told even if it made no difference.
fn is_worth_a_row(cause: &Cause, entries: &[Entry]) -> bool {
    let came = matches!(cause.origin, Origin::Message { .. } | Origin::Call { .. });
    came || !entries.is_empty()
}

impl Record {
    /// The id of the trace, where a request came from outside.
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        self.trace.as_deref()?.split('-').nth(1)
    }

    fn of((cause, entries): (Cause, Vec<Entry>)) -> Self {
        let from_outside = matches!(cause.origin, Origin::Request { .. });
        let trace = cause.traceparent.filter(|_| from_outside);
        let actor = cause.actor.filter(|_| from_outside);
        Self { origin: cause.origin, cause: cause.id, actor, trace, entries }
    }
}
