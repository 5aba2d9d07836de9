//! Has what happens to aggregates noted, in the transaction in which it happens.

use std::io::{self, Write};

use aggregate::{Aggregate, Change, Failed, Failure, Repository, Versioned, decide};
use database::Transaction;
use serde::Serialize;
use uuid::Uuid;

use crate::{Entry, Kind, note};

/// A repository that also notes every event in the journal, about the subject of the transaction's cause.
#[derive(Clone, Debug)]
pub struct Recording<R>(R);

impl<R> Recording<R> {
    /// What `repository` keeps is noted.
    pub const fn new(repository: R) -> Self {
        Self(repository)
    }
}

impl<A, R> Repository<A> for Recording<R>
where
    A: Aggregate<Id: ToString, Event: Serialize>,
    R: Repository<A, Transaction = Transaction, Error = database::Error>,
{
    type Transaction = Transaction;
    type Error = database::Error;

    async fn load(
        &self,
        tx: &mut Transaction,
        ids: &[A::Id],
        scope: &A::Scope,
    ) -> Result<Vec<Versioned<A>>, database::Error> {
        self.0.load(tx, ids, scope).await
    }

    async fn save(&self, tx: &mut Transaction, changes: &[Change<A>]) -> Result<(), database::Error> {
        // Before the messages that tell of them, if somebody below sends some.
        for change in changes {
            note_change(tx, || change.id.to_string(), change, std::iter::repeat(None));
        }
        self.0.save(tx, changes).await
    }
}

/// Notes what happens to an aggregate of this id, about the subject of the transaction's cause; each event with what others
/// know it by, if they do.
pub fn note_change<A>(
    tx: &mut Transaction,
    id: impl FnOnce() -> String,
    change: &Change<A>,
    links: impl IntoIterator<Item = Option<Uuid>>,
) where
    A: Aggregate<Event: Serialize>,
{
    let Some(subject) = crate::cause(tx).and_then(|cause| cause.subject) else { return };
    let id = Some(id()).filter(|id| *id != subject.to_string());
    for ((version, event), link) in (change.expected + 1..).zip(&change.events).zip(links) {
        let entry = Entry::new(Kind::Event, event_name::<A>(event)).linked(link);
        note(tx, Entry { version: Some(version), detail: id.clone().map(Into::into), ..entry });
    }
}

/// Carries out one command on one aggregate, as [`aggregate::execute`] does, and notes under which `name` it was asked and
/// what came of it: a refusal too, for a caller whose transaction goes on.
///
/// # Errors
/// The aggregate's refusal, or the store's failure.
pub async fn execute<A, R>(
    repository: &R,
    tx: &mut Transaction,
    id: &A::Id,
    scope: &A::Scope,
    command: &A::Command,
    name: &'static str,
) -> Result<Versioned<A>, Failed<A, R>>
where
    A: Aggregate,
    R: Repository<A, Transaction = Transaction>,
{
    execute_all(repository, tx, id, scope, std::slice::from_ref(command), |_| name).await
}

/// As [`execute`], for commands that follow one another, each decided on what those before it have made: the aggregate is
/// loaded once, and what they made of it is kept at once, or nothing if one of them is refused.
///
/// # Errors
/// The first refusal, or the store's failure.
pub async fn execute_all<A, R>(
    repository: &R,
    tx: &mut Transaction,
    id: &A::Id,
    scope: &A::Scope,
    commands: &[A::Command],
    name: impl Fn(&A::Command) -> &'static str,
) -> Result<Versioned<A>, Failed<A, R>>
where
    A: Aggregate,
    R: Repository<A, Transaction = Transaction>,
{
    let loaded = repository.load(tx, std::slice::from_ref(id), scope).await.map_err(Failure::Store)?;
    let mut current = loaded.into_iter().next().unwrap_or_default();
    let mut changes: Option<Change<A>> = None;
    let mut done = Vec::with_capacity(commands.len());
    for command in commands {
        let change = decide(id.clone(), &current, command).map_err(|refusal| {
            note(tx, Entry::refusal(name(command), refusal.to_string()));
            Failure::Refused(refusal)
        })?;
        done.push(Entry::command(name(command), change.is_some()));
        if let Some(change) = change {
            current = change.result();
            changes = Some(match changes {
                Some(before) => before.then(change),
                None => change,
            });
        }
    }
    done.into_iter().for_each(|entry| note(tx, entry));
    if let Some(change) = changes {
        repository.save(tx, std::slice::from_ref(&change)).await.map_err(Failure::Store)?;
    }
    Ok(current)
}

/// What an event is called where events are listed: the aggregate's name, and the tag that serde writes into the event
/// before everything else, under whatever key.
#[must_use]
pub fn event_name<A: Aggregate<Event: Serialize>>(event: &A::Event) -> String {
    let mut head = Head::default();
    // It fails once the head is full, which ends the writing of the rest.
    let _ = serde_json::to_writer(&mut head, event);
    let text = String::from_utf8_lossy(&head.bytes[..head.len]);
    let tag = text
        .strip_prefix("{\"")
        .and_then(|rest| rest.split_once("\":\""))
        .and_then(|(_, rest)| rest.split_once('"'));
    format!("{}.{}", A::NAME, tag.map_or("event", |(tag, _)| tag))
}

/// As much of a text as a tag at its beginning takes.
struct Head {
    bytes: [u8; 64],
    len: usize,
}

impl Default for Head {
    fn default() -> Self {
        Self { bytes: [0; 64], len: 0 }
    }
}

impl Write for Head {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let taken = text.len().min(self.bytes.len() - self.len);
        self.bytes[self.len..][..taken].copy_from_slice(&text[..taken]);
        self.len += taken;
        // 0 for a text that is not empty is how a writer says that it is full.
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
