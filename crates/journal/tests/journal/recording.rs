//! Commands, refusals and events of an aggregate.

use aggregate::{Aggregate, Change, Repository, Versioned};
use database::{Error, Transaction};
use journal::{Entry, Kind, Recording, because, event_name, execute, execute_all};
use serde::Serialize;
use uuid::Uuid;

use crate::support::{Journal, asked, subject};

/// Counts to two, and writes what it is counted for on itself.
#[derive(Clone, Debug, Default, PartialEq)]
struct Counter(u32);

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Event {
    CountedUp { note: String },
}

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("two is enough")]
struct Enough;

impl Aggregate for Counter {
    const NAME: &'static str = "counter";
    type Id = Uuid;
    type Scope = ();
    type Command = u32;
    type Event = Event;
    type Refusal = Enough;

    fn decide(&self, to: &u32) -> Result<Vec<Event>, Enough> {
        let event = Event::CountedUp { note: "\"".repeat(200) };
        if *to > 2 { Err(Enough) } else { Ok(vec![event; to.saturating_sub(self.0) as usize]) }
    }

    fn evolve(&mut self, _: &Event) {
        self.0 += 1;
    }
}

/// Keeps nothing.
struct Nowhere;

impl Repository<Counter> for Nowhere {
    type Transaction = Transaction;
    type Error = Error;

    async fn load(
        &self,
        _: &mut Transaction,
        ids: &[Uuid],
        (): &(),
    ) -> Result<Vec<Versioned<Counter>>, Error> {
        Ok(vec![Versioned::default(); ids.len()])
    }

    async fn save(&self, _: &mut Transaction, _: &[Change<Counter>]) -> Result<(), Error> {
        Ok(())
    }
}

/// What counting an aggregate up leaves in the journal of the first subject.
async fn count(id: Uuid, to: u32) -> Vec<Entry> {
    let journal = Journal::new();
    let done = journal.store.write(async move |tx: &mut Transaction| {
        because(tx, &asked(subject(1)));
        let _ = execute(&Recording::new(Nowhere), tx, &id, &(), &to, "count_up").await;
        Ok::<_, Error>(())
    });
    done.await.unwrap();
    journal.of(subject(1)).await.remove(0).records.remove(0).entries
}

fn event(version: u64) -> Entry {
    Entry { version: Some(version), ..Entry::new(Kind::Event, "counter.counted_up") }
}

#[tokio::test]
async fn a_command_comes_before_what_it_made_happen() {
    assert_eq!(count(subject(1), 2).await, [Entry::command("count_up", true), event(1), event(2)]);
}

#[tokio::test]
async fn a_command_that_changes_nothing_is_told_as_such() {
    assert_eq!(count(subject(1), 0).await, [Entry::command("count_up", false)]);
}

#[tokio::test]
async fn a_refusal_is_a_fact_where_its_transaction_goes_on() {
    assert_eq!(count(subject(1), 3).await, [Entry::refusal("count_up", "two is enough")]);
}

#[tokio::test]
async fn of_commands_of_which_one_is_refused_only_the_refusal_is_told() {
    let journal = Journal::new();
    let done = journal.store.write(async move |tx: &mut Transaction| {
        because(tx, &asked(subject(1)));
        let repository = Recording::new(Nowhere);
        let _ = execute_all(&repository, tx, &subject(1), &(), &[1, 3], |_| "count_up").await;
        Ok::<_, Error>(())
    });
    done.await.unwrap();
    let told = journal.of(subject(1)).await.remove(0).records.remove(0).entries;
    assert_eq!(told, [Entry::refusal("count_up", "two is enough")]);
}

#[tokio::test]
async fn an_event_of_something_else_says_of_what() {
    let other = subject(2);
    let expected = event(1).with_detail(other.to_string());
    assert_eq!(count(other, 1).await, [Entry::command("count_up", true), expected]);
}

#[test]
fn an_event_is_called_by_its_tag_however_long_it_is() {
    let long = Event::CountedUp { note: "long ".repeat(1000) };
    assert_eq!(event_name::<Counter>(&long), "counter.counted_up");
}
