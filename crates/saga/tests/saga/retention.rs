//! Forgetting sagas that are over.

use std::time::Duration;

use database::{Clock, Database, ManualClock, Transaction};
use saga::{Ask, Asking, Input, Move, Phase, Runner, Summary, tasks::Wake};
use tempfile::TempDir;
use uuid::Uuid;

use crate::support::{Purchase, Step, store_at};

/// Nobody is asked: the test gives the answers.
struct Nobody;

impl Ask<Purchase> for Nobody {
    fn ask<'a>(&'a self, _: &'a mut Transaction, _: Uuid, _: Move<Step>, _: &'a str) -> Asking<'a> {
        Box::pin(async { Ok(Duration::from_secs(3600)) })
    }
}

struct World {
    db: Database,
    runner: Runner<Purchase>,
    clock: ManualClock,
    _directory: TempDir,
}

impl World {
    fn new() -> Self {
        let (clock, hands) = Clock::manual(1_000_000);
        let (directory, db) = store_at(clock);
        Self { db, runner: Runner::new(Nobody, Wake::default()), clock: hands, _directory: directory }
    }

    /// Tells a saga all of this, a second each.
    async fn tell(&self, saga: u128, inputs: &[Input<Step>]) -> Phase {
        let mut phase = Phase::New;
        for input in inputs.iter().copied() {
            self.clock.advance(Duration::from_secs(1));
            let runner = self.runner.clone();
            let tell = async move |tx: &mut Transaction| {
                runner.advance(tx, Uuid::from_u128(saga), input.into(), |_, _| Some(String::new())).await
            };
            let advanced = self.db.write(tell).await.expect("the store works");
            phase = advanced.instance.progress.phase();
        }
        phase
    }

    /// Forgets sagas that were over so many seconds ago; tells how many.
    async fn forget(&self, seconds: i64, limit: u64) -> u64 {
        let work = async move |tx: &mut Transaction| {
            let before = tx.now() - seconds * 1_000_000;
            let oldest = saga::oldest_finished(tx).await?;
            let rows = saga::forget(tx, before, limit).await?;
            assert_eq!(
                oldest.is_some_and(|oldest| oldest < before),
                rows > 0,
                "it is told whether something is due"
            );
            Ok::<_, database::Error>(rows)
        };
        self.db.write(work).await.expect("the store works")
    }

    /// The saga, if it is not forgotten.
    async fn kept(&self, saga: u128) -> Option<Summary> {
        let id = Uuid::from_u128(saga);
        self.db.read(async move |tx: &mut Transaction| saga::summary(tx, id).await).await.expect("it works")
    }
}

use Input::{Abort, Deferred, Done, Refused, Start, Undone};
use Step::{Bill, Credit, Settle, Ship, Stock, TakeOut};

const COMPLETED: [Input<Step>; 7] =
    [Start, Done(Credit), Done(Stock), Done(Ship), Done(TakeOut), Done(Bill), Done(Settle)];
const UNWOUND: [Input<Step>; 3] = [Start, Done(Credit), Refused(Stock)];
const RESTING: [Input<Step>; 6] =
    [Start, Done(Credit), Done(Stock), Done(Ship), Done(TakeOut), Deferred(Bill)];

#[tokio::test]
async fn what_is_over_goes_and_what_is_not_stays_however_old_it_is() {
    let world = World::new();
    assert_eq!(world.tell(1, &COMPLETED).await, Phase::Completed);
    assert_eq!(world.tell(2, &UNWOUND).await, Phase::Unwinding);
    assert_eq!(world.tell(2, &[Undone(Credit)]).await, Phase::Unwound);
    assert_eq!(world.tell(3, &RESTING).await, Phase::Resting);
    assert_eq!(world.tell(4, &COMPLETED[..3]).await, Phase::Forward);
    assert_eq!(world.tell(5, &[Start, Abort]).await, Phase::Unwinding);
    world.clock.advance(Duration::from_secs(1_000_000));
    let mut before = Vec::new();
    for saga in [3, 4, 5] {
        before.push(world.kept(saga).await);
    }
    assert_eq!(world.forget(60, 9).await, 2);
    assert_eq!((world.kept(1).await, world.kept(2).await), (None, None));
    for (saga, before) in [3, 4, 5].into_iter().zip(before) {
        assert_eq!(world.kept(saga).await, before);
    }
    assert_eq!(world.tell(3, &[Done(Bill), Done(Settle)]).await, Phase::Completed, "it was only resting");
}

#[tokio::test]
async fn the_oldest_go_first_and_none_before_its_time() {
    let world = World::new();
    world.tell(1, &COMPLETED).await;
    world.tell(2, &COMPLETED).await;
    assert_eq!(world.forget(7, 9).await, 0, "the first is over since seven seconds");
    world.clock.advance(Duration::from_micros(1));
    assert_eq!(world.forget(0, 1).await, 1);
    assert_eq!(
        (world.kept(1).await, world.kept(2).await.map(|saga| saga.phase)),
        (None, Some("completed".to_owned()))
    );
}

#[tokio::test]
async fn an_answer_that_comes_after_everything_was_forgotten_means_nothing() {
    let world = World::new();
    world.tell(1, &COMPLETED).await;
    world.clock.advance(Duration::from_secs(60));
    world.forget(0, 9).await;
    for late in [Done(Credit), Refused(Stock), Done(Settle), Undone(Ship), Deferred(Bill)] {
        assert_eq!(world.tell(1, &[late]).await, Phase::New);
    }
    assert_eq!(world.kept(1).await, None);
}
