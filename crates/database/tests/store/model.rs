//! However works are grouped, undone and run again, the result is that of running them one after the other.

use std::collections::BTreeMap;

use database::{Error, Executor, Options, Transaction, params};
use futures_util::future::join_all;
use proptest::prelude::*;

use crate::fixture::{ADD, ANSWER, Fixture, PUT, REMOVE, hold};

database::statements! {
    const STATE: "SELECT id, text, answers FROM notes ORDER BY id";
}

/// A work on one note or two.
#[derive(Clone, Debug)]
enum Kind {
    Add(i64),
    Put(i64),
    Remove(i64),
    Answer(i64, i64),
    /// Fails after it has changed something.
    PutThenRefuse(i64),
    RefuseAtOnce,
    /// Goes on after a statement's error and claims to have succeeded.
    AddTwice(i64),
    /// Awaits something else after it has changed something.
    PutThenWait(i64),
}

/// Works in the order of their calls; those of a round wait at the same time.
type Rounds = Vec<Vec<Kind>>;

/// By id, the text and the id of the note that is answered.
type State = BTreeMap<i64, (String, Option<i64>)>;

#[derive(Debug, PartialEq)]
enum Failure {
    Refused,
    Violated,
    Poisoned,
    Waited,
    Other(String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Poisoned { .. } => Self::Poisoned,
            Error::AwaitedElsewhere => Self::Waited,
            error if error.constraint().is_some() => Self::Violated,
            error => Self::Other(error.to_string()),
        }
    }
}

/// Runs one work; `text` is what it writes.
async fn run(tx: &mut Transaction, kind: &Kind, text: &str) -> Result<u64, Failure> {
    Ok(match *kind {
        Kind::Add(id) => tx.execute(ADD, params![id, text]).await?,
        Kind::Put(id) => tx.execute(PUT, params![id, text]).await?,
        Kind::Remove(id) => tx.execute(REMOVE, params![id]).await?,
        Kind::Answer(id, to) => tx.execute(ANSWER, params![id, text, to]).await?,
        Kind::PutThenRefuse(id) => {
            tx.execute(PUT, params![id, text]).await?;
            return Err(Failure::Refused);
        }
        Kind::RefuseAtOnce => return Err(Failure::Refused),
        Kind::AddTwice(id) => {
            let _ = tx.execute(ADD, params![id, text]).await;
            let _ = tx.execute(ADD, params![id, text]).await;
            0
        }
        Kind::PutThenWait(id) => {
            tx.execute(PUT, params![id, text]).await?;
            std::future::pending().await
        }
    })
}

/// The same in memory.
fn expected(state: &mut State, kind: &Kind, text: &str) -> Result<u64, Failure> {
    let mut next = state.clone();
    let text = text.to_owned();
    let rows = match *kind {
        Kind::Add(id) | Kind::Answer(id, _) if next.contains_key(&id) => return Err(Failure::Violated),
        Kind::Add(id) => u64::from(next.insert(id, (text, None)).is_none()),
        Kind::Answer(id, to) => u64::from(next.insert(id, (text, Some(to))).is_none()),
        Kind::Put(id) => {
            next.entry(id).or_default().0 = text;
            1
        }
        Kind::Remove(id) => u64::from(next.remove(&id).is_some()),
        Kind::PutThenRefuse(_) | Kind::RefuseAtOnce => return Err(Failure::Refused),
        Kind::AddTwice(_) => return Err(Failure::Poisoned),
        Kind::PutThenWait(_) => return Err(Failure::Waited),
    };
    if next.values().any(|(_, answers)| answers.is_some_and(|id| !next.contains_key(&id))) {
        return Err(Failure::Violated);
    }
    *state = next;
    Ok(rows)
}

#[tokio::main(flavor = "current_thread")]
async fn check(rounds: Rounds, max_group: usize, executor: Executor) {
    let fixture = Fixture::with(Options { max_group, executor, ..Options::default() });
    let mut state = State::new();
    for (round, works) in rounds.into_iter().enumerate() {
        let held = if executor == Executor::Threads { Some(hold(&fixture.store).await) } else { None };
        let named = |number: usize| format!("{round}.{number}");
        let results = join_all(works.iter().cloned().enumerate().map(|(number, kind)| {
            let text = named(number);
            fixture.store.write(async move |tx: &mut Transaction| run(tx, &kind, &text).await)
        }));
        let release = async {
            if let Some(held) = held {
                held.release().await;
            }
        };
        let (results, ()) = tokio::join!(results, release);
        let numbered = works.iter().enumerate();
        let wanted: Vec<_> =
            numbered.map(|(number, kind)| expected(&mut state, kind, &named(number))).collect();
        assert_eq!(results, wanted);
    }
    let stored = async |tx: &mut Transaction| {
        tx.query(STATE, params![], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?)))).await
    };
    let stored = fixture.store.read::<_, Error, _>(stored).await.unwrap();
    assert_eq!(State::from_iter(stored), state);
}

fn kinds() -> impl Strategy<Value = Kind> {
    let id = || 0..6_i64;
    prop_oneof![
        3 => id().prop_map(Kind::Add),
        3 => id().prop_map(Kind::Put),
        2 => id().prop_map(Kind::Remove),
        2 => (id(), id()).prop_map(|(id, to)| Kind::Answer(id, to)),
        1 => id().prop_map(Kind::PutThenRefuse),
        1 => Just(Kind::RefuseAtOnce),
        1 => id().prop_map(Kind::AddTwice),
        1 => id().prop_map(Kind::PutThenWait),
    ]
}

fn rounds() -> impl Strategy<Value = Rounds> {
    prop::collection::vec(prop::collection::vec(kinds(), 0..12), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn works_in_groups_have_the_results_of_works_one_after_the_other(rounds in rounds(), max_group in 1..16_usize) {
        check(rounds, max_group, Executor::Threads);
    }

    #[test]
    fn works_on_the_calling_task_have_the_same_results(rounds in rounds()) {
        check(rounds, 1, Executor::Inline);
    }
}
