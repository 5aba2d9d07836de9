//! What layers note of a transaction, and what is made of it at its end.

use std::mem::take;

use database::{Error, Transaction, params};

use crate::fixture::{ADD, ALL, Fixture, hold};

/// Notes of one run.
#[derive(Default)]
struct Noted(Vec<i64>);

fn note(tx: &mut Transaction, id: i64) {
    if tx.annotated::<Noted>().is_none() {
        tx.before_commit(|tx| Box::pin(add_what_was_noted(tx)));
    }
    tx.annotate(|noted: &mut Noted| noted.0.push(id));
}

async fn add_what_was_noted(tx: &mut Transaction) -> Result<(), Error> {
    for id in tx.annotate(|noted: &mut Noted| take(&mut noted.0)) {
        tx.execute(ADD, params![id, "noted"]).await?;
    }
    Ok(())
}

#[tokio::test]
async fn what_was_noted_is_written_at_the_end_of_the_closure() {
    for fixture in [Fixture::new(), Fixture::inline()] {
        let written = fixture.store.write(async |tx: &mut Transaction| {
            note(tx, 1);
            note(tx, 2);
            tx.query(ALL, params![], |row| row.get::<i64>(0)).await
        });
        assert!(written.await.unwrap().is_empty());
        assert_eq!(fixture.ids().await, [1, 2]);
    }
}

#[tokio::test]
async fn what_was_noted_by_a_closure_that_failed_is_forgotten() {
    for fixture in [Fixture::new(), Fixture::inline()] {
        let refused = fixture.store.write(async |tx: &mut Transaction| {
            note(tx, 1);
            Err::<(), _>(Error::Closed)
        });
        assert!(refused.await.is_err());
        fixture.store.write(async |_: &mut Transaction| Ok::<_, Error>(())).await.unwrap();
        assert!(fixture.ids().await.is_empty());
    }
}

#[tokio::test]
async fn an_error_at_the_end_of_the_closure_is_the_closures() {
    for fixture in [Fixture::new(), Fixture::inline()] {
        let (sender, heard) = std::sync::mpsc::channel();
        let written = fixture.store.write(async move |tx: &mut Transaction| {
            note(tx, 1);
            tx.execute(ADD, params![1_i64, "first"]).await?;
            let sender = sender.clone();
            tx.after_commit(move || _ = sender.send(()));
            Ok::<_, Error>(())
        });
        assert_eq!(written.await.unwrap_err().constraint(), Some("notes.id"));
        assert!(fixture.ids().await.is_empty());
        assert!(heard.try_recv().is_err(), "a hook ran for what was not committed");
    }
}

#[tokio::test]
async fn a_closure_that_runs_again_notes_anew() {
    let fixture = Fixture::new();
    let held = hold(&fixture.store).await;
    let noting = fixture.store.write(async |tx: &mut Transaction| {
        note(tx, 1);
        Ok::<_, Error>(())
    });
    let failing = fixture.store.write(async |tx: &mut Transaction| {
        tx.execute(ADD, params![2_i64, "undone"]).await?;
        Err::<(), _>(Error::Closed)
    });
    let works = async { tokio::join!(noting, failing) };
    let ((noted, failed), ()) = tokio::join!(works, held.release());

    // Noted twice, the second note would have broken the primary key.
    assert!(noted.is_ok() && failed.is_err());
    assert_eq!(fixture.store.stats().repeated_groups, 1);
    assert_eq!(fixture.ids().await, [1]);
}
