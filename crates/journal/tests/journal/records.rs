//! One row for every transaction that did something about a subject, and for no other.

use database::{Error, Transaction};
use journal::{Cause, Entry, Kind, Origin, because, cause, forget, note, note_about, note_start, starts};
use proptest::prelude::*;
use uuid::Uuid;

use crate::support::{EPOCH, Journal, asked, subject};

#[tokio::test]
async fn a_transaction_leaves_what_it_did_and_why() {
    let journal = Journal::new();
    let order = subject(1);
    let cause = Cause {
        id: Some(Uuid::from_u128(7)),
        actor: Some("ada".into()),
        traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into()),
        ..asked(order)
    };
    let message = Entry::message(Uuid::from_u128(9), "customers.command", "customers.commands", 120);
    let (written_cause, written_message) = (cause.clone(), message.clone());
    let done = journal.store.write(async move |tx: &mut Transaction| {
        because(tx, &written_cause);
        note(tx, Entry::command("place", true));
        note(tx, written_message.clone());
        Ok::<_, Error>(())
    });
    done.await.unwrap();

    let [transaction] = &journal.of(order).await[..] else { panic!("one transaction") };
    let [record] = &transaction.records[..] else { panic!("one reason") };
    assert_eq!(transaction.at, EPOCH);
    assert_eq!((&record.origin, record.cause), (&cause.origin, cause.id));
    assert_eq!(record.actor.as_deref(), Some("ada"));
    assert_eq!(record.trace_id(), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
    assert_eq!(record.entries, [Entry::command("place", true), message]);
}

#[tokio::test]
async fn a_transaction_that_is_rolled_back_leaves_nothing() {
    let journal = Journal::new();
    let refused = journal.store.write(async |tx: &mut Transaction| {
        because(tx, &asked(subject(1)));
        note(tx, Entry::command("place", true));
        Err::<(), _>(Error::Closed)
    });
    assert!(refused.await.is_err());
    assert!(journal.of(subject(1)).await.is_empty());
}

#[tokio::test]
async fn what_is_about_nothing_or_does_nothing_leaves_nothing() {
    let journal = Journal::new();
    let done = journal.store.write(async |tx: &mut Transaction| {
        note(tx, Entry::command("before anybody said why", true));
        because(tx, &Cause::default());
        note(tx, Entry::command("about nothing", true));
        because(tx, &asked(subject(1)));
        Ok::<_, Error>(cause(tx).cloned())
    });
    assert_eq!(done.await.unwrap(), Some(asked(subject(1))));
    assert!(journal.of(subject(1)).await.is_empty());
}

#[tokio::test]
async fn that_a_message_came_is_told_even_if_it_made_no_difference() {
    let journal = Journal::new();
    let origin = Origin::Message { kind: "customers.reply".into(), from: "customers".into() };
    let came = Cause { origin: origin.clone(), ..Cause::default() }.about(subject(1));
    let done = journal.store.write(async move |tx: &mut Transaction| {
        because(tx, &came);
        Ok::<_, Error>(())
    });
    done.await.unwrap();
    assert_eq!(journal.of(subject(1)).await[0].records[0].origin, origin);
}

#[tokio::test]
async fn who_knows_the_subject_need_not_be_told_why() {
    let journal = Journal::new();
    let done = journal.store.write(async |tx: &mut Transaction| {
        note_about(tx, subject(1), Entry::new(Kind::Saga, "reserve_credit"));
        because(tx, &asked(subject(2)));
        note_about(tx, subject(2), Entry::new(Kind::Saga, "ship"));
        note_about(tx, subject(1), Entry::new(Kind::Saga, "bill"));
        Ok::<_, Error>(())
    });
    done.await.unwrap();
    assert_eq!(journal.names(subject(1)).await, [["reserve_credit", "bill"]]);
    assert_eq!(journal.names(subject(2)).await, [["ship"]]);
    assert_eq!(journal.of(subject(2)).await[0].records[0].origin, asked(subject(2)).origin);
}

#[tokio::test]
async fn transactions_of_one_microsecond_stay_apart_and_in_order() {
    let journal = Journal::new();
    journal.commands(subject(1), &["first", "of the first"]).await;
    journal.commands(subject(1), &["second"]).await;
    journal.clock.advance(std::time::Duration::from_micros(1));
    journal.commands(subject(1), &["third"]).await;
    let expected = [vec!["first", "of the first"], vec!["second"], vec!["third"]];
    assert_eq!(journal.names(subject(1)).await, expected);
}

#[tokio::test]
async fn what_another_release_wrote_is_left_out() {
    database::statements! {
        const WRITE: "INSERT INTO journal (subject, at, owner, records) VALUES ($1, 1, '', '[{\"e\":[{\"k\":\"?\",\"n\":\"new\"}]}]')";
    }
    let journal = Journal::new();
    journal.commands(subject(1), &["known"]).await;
    let written = async |tx: &mut Transaction| tx.execute(WRITE, database::params![subject(1)]).await;
    journal.store.write::<_, Error, _>(written).await.unwrap();
    assert_eq!(journal.names(subject(1)).await, [["known"]]);
}

#[tokio::test]
async fn starts_lie_between_what_was_done_before_and_after() {
    let journal = Journal::new();
    let noted = journal.store.write(async |tx: &mut Transaction| {
        for at in [10, 20, 30] {
            note_start(tx, at).await?;
        }
        starts(tx, 10, 25, 100).await
    });
    assert_eq!(noted.await.unwrap(), [20]);
}

#[tokio::test]
async fn of_more_than_is_asked_for_the_beginning_and_the_end_are_told() {
    let journal = Journal::new();
    let names = ["a", "b", "c", "d", "e", "f", "g"];
    let done = |limit| {
        journal.store.read(async move |tx: &mut Transaction| journal::read(tx, subject(1), limit).await)
    };
    for name in names {
        journal.clock.advance(std::time::Duration::from_micros(1));
        let one: &'static [&'static str] = Box::leak(Box::new([name]));
        journal.commands(subject(1), one).await;
    }
    for (limit, expected, left_out) in [(7, "abcdefg", 0), (5, "abcfg", 2), (2, "ag", 5), (1, "a", 6)] {
        let told = done(limit).await.unwrap();
        let names = told.written.iter().map(|written| written.records[0].entries[0].name.to_string());
        assert_eq!((names.collect::<String>().as_str(), told.left_out), (expected, left_out), "of {limit}");
    }
}

#[tokio::test]
async fn what_is_oldest_is_known_by_the_subject_that_was_made_first() {
    let journal = Journal::new();
    let oldest =
        async || journal.store.read(async |tx: &mut Transaction| journal::oldest(tx).await).await.unwrap();
    journal.store.write(async |tx: &mut Transaction| note_start(tx, EPOCH).await).await.unwrap();
    assert_eq!(oldest().await, None);
    journal.clock.advance(std::time::Duration::from_secs(60));
    journal.commands(subject(1), &["late"]).await;
    // Something of that age may still follow, and what is younger stands behind it.
    assert_eq!(oldest().await, Some(EPOCH));
}

#[tokio::test]
async fn an_explanation_is_kept_as_far_as_it_fits() {
    let detail = Entry::refusal("place", "é".repeat(1000)).detail.unwrap();
    assert!(detail.len() <= 300 && detail.starts_with("éé"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Against a list: whatever is done about whom, in which order, and however much is forgotten.
    #[test]
    fn the_journal_is_the_list_of_what_was_committed(
        works in prop::collection::vec((0_u64..4, 0_u64..3, any::<bool>()), 1..40),
        old in 0_u64..60,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let journal = Journal::new();
            let mut expected: Vec<(u64, i64)> = Vec::new();
            let mut now = EPOCH;
            for (about, pause, committed) in works {
                let pause = pause * 1000;
                journal.clock.advance(std::time::Duration::from_micros(pause));
                now += i64::try_from(pause).unwrap();
                let done = journal.store.write(async move |tx: &mut Transaction| {
                    because(tx, &asked(subject(about)));
                    note(tx, Entry::command("place", true));
                    if committed { Ok(()) } else { Err(Error::Closed) }
                });
                prop_assert_eq!(done.await.is_ok(), committed);
                expected.extend(committed.then_some((about, now)));
            }
            let before = EPOCH + i64::try_from(old * 1000).unwrap();
            loop {
                let forgotten = journal.store.write(async move |tx: &mut Transaction| forget(tx, before, 3).await);
                if forgotten.await.unwrap() == 0 { break }
            }
            expected.retain(|(_, at)| *at >= before);
            for about in 0..4 {
                let times: Vec<_> = journal.of(subject(about)).await.iter().map(|written| written.at).collect();
                let own: Vec<_> = expected.iter().filter(|(own, _)| *own == about).map(|(_, at)| *at).collect();
                prop_assert_eq!(times, own);
            }
            Ok(())
        })?;
    }
}
