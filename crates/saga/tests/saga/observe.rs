//! What an observer is told of sagas and their tasks.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use database::{Database, Transaction};
use saga::{
    Ask, Asking, Definition, Event, Input, Move, Observer, Phase, Runner, Told,
    tasks::{self, Backoff, Options, Perform, Task, Verdict, Wake, Worker},
};
use uuid::Uuid;

use crate::support::{Purchase, Step, store};

const ID: Uuid = Uuid::from_u128(1);
const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[derive(Clone, Debug, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    fn note(&self, line: String) {
        self.0.lock().expect("no panic while locked").push(line);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().expect("no panic while locked"))
    }
}

impl Observer for Heard {
    fn step(&self, saga: &'static str, id: Uuid, step: &str, event: Event, traceparent: Option<&str>) {
        assert_eq!((saga, id, traceparent), (Purchase::NAME, ID, Some(TRACE)));
        self.note(format!("{step} {event:?}"));
    }

    fn phase(&self, _: &'static str, _: Uuid, phase: Phase) {
        self.note(phase.name().to_owned());
    }
}

impl tasks::Observer for Heard {
    fn performed(&self, task: &Task, verdict: &Verdict, _: Duration) {
        self.note(format!("{} {verdict:?}", task.name));
    }

    fn running(&self, _: &'static str, _: usize) {}
}

struct Nobody;

impl Ask<Purchase> for Nobody {
    fn ask<'a>(&'a self, _: &'a mut Transaction, _: Uuid, _: Move<Step>, _: &'a str) -> Asking<'a> {
        Box::pin(async { Ok(Duration::ZERO) })
    }
}

async fn tell(db: &Database, runner: &Runner<Purchase>, input: Input<Step>, fail: bool) {
    let runner = runner.clone();
    let told = db
        .write(async move |tx| {
            let told = Told { input, traceparent: Some(TRACE.to_owned()), memory: None };
            runner.advance(tx, ID, told, |_, _| Some("{}".to_owned())).await?;
            if fail {
                Err(saga::Error::UnknownDefinition { saga: Purchase::NAME, version: 2 })
            } else {
                Ok(())
            }
        })
        .await;
    assert_eq!(told.is_err(), fail);
}

#[tokio::test]
async fn steps_and_phases_are_told_once_they_are_committed() {
    let (_directory, db) = store();
    let heard = Heard::default();
    let runner = Runner::new(Nobody, Wake::default()).observed(Arc::new(heard.clone()));
    tell(&db, &runner, Input::Start, true).await;
    assert!(heard.take().is_empty(), "it was rolled back");
    tell(&db, &runner, Input::Start, false).await;
    assert_eq!(heard.take(), ["credit Asked(Action)", "forward"]);
    tell(&db, &runner, Input::Done(Step::Credit), false).await;
    assert_eq!(heard.take(), ["credit Done", "stock Asked(Action)"]);
    tell(&db, &runner, Input::Done(Step::Credit), false).await;
    assert!(heard.take().is_empty(), "it was known");
    tell(&db, &runner, Input::Refused(Step::Stock), false).await;
    assert_eq!(heard.take(), ["stock Refused", "credit Asked(Undo)", "unwinding"]);
    tell(&db, &runner, Input::Undone(Step::Credit), false).await;
    assert_eq!(heard.take(), ["credit Undone", "unwound"]);
}

struct FailsOnce(Database, Arc<Mutex<bool>>);

impl Perform for FailsOnce {
    async fn perform(&self, task: &Task, _: &mut Vec<journal::Entry>) -> Verdict {
        if !std::mem::replace(&mut *self.1.lock().expect("no panic while locked"), true) {
            return Verdict::Failed("away".into());
        }
        let (kind, subject, name) = (task.kind, task.subject, task.name.clone());
        let struck = self.0.write(async move |tx| tasks::cancel(tx, kind, subject, &name).await).await;
        assert!(struck.is_ok());
        Verdict::Settled
    }
}

#[tokio::test]
async fn every_attempt_at_a_task_is_told() {
    let (_directory, db) = store();
    let (heard, wake) = (Heard::default(), Wake::default());
    let offered = wake.clone();
    db.write(async move |tx| {
        tasks::schedule(tx, &Task::new("test", ID, "call", "{}"), Duration::ZERO, &offered).await
    })
    .await
    .expect("scheduled");
    let options = Options {
        backoff: Backoff { first: Duration::from_millis(1), most: Duration::from_millis(1) },
        ..Options::default()
    };
    let fails_once = FailsOnce(db.clone(), Arc::default());
    let mut worker = Worker::new("test", db, fails_once, wake, options).observed(Arc::new(heard.clone()));
    let mut told = Vec::new();
    while told.len() < 2 {
        worker.run_once().await;
        told.extend(heard.take());
    }
    assert_eq!(told, ["call Failed(Failure { told: \"away\", why: \"away\" })", "call Settled"]);
}
