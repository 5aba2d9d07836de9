//! Moves a saga on within the transaction that hears of its participants' answers.

use std::{fmt, pin::Pin, sync::Arc, time::Duration};

use database::Transaction;
use journal::{Entry, Kind};
use uuid::Uuid;

use crate::{
    Definition, Direction, Effect, Event, Input, Instance, Move, Observer, Phase, store,
    tasks::{self, Task},
};

/// What [`Ask::ask`] writes, and the delay that comes of it.
pub type Asking<'a> = Pin<Box<dyn Future<Output = Result<Duration, database::Error>> + 'a>>;

/// How a participant is asked, within the transaction that decided to ask: the one thing in which two ways to
/// reach a participant differ here.
pub trait Ask<D: Definition>: Send + Sync + 'static {
    /// Writes down what has to be written with the decision (a message in an outbox, say), and tells after how long
    /// the durable task that goes with the move is due: at once, if the task is what asks, or when an answer that
    /// did not come is to be asked for again.
    fn ask<'a>(
        &'a self,
        tx: &'a mut Transaction,
        saga: Uuid,
        this: Move<D::Step>,
        request: &'a str,
    ) -> Asking<'a>;
}

/// Why a saga could not be moved on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error("keeping a saga")]
    Store(#[from] database::Error),
    /// Another release began it, which knows steps that this one does not.
    #[error("the saga `{saga}` was begun by version {version} of its definition, which is not known here")]
    UnknownDefinition {
        /// Which saga.
        saga: &'static str,
        /// The version that began it.
        version: i64,
    },
    /// There is nothing to ask a participant, since something is not known that should be by now.
    #[error("there is not enough known to ask for `{step}`")]
    NoRequest {
        /// The step that was to be asked for.
        step: String,
    },
    /// What is stored is not a saga's progress.
    #[error("reading the progress of the saga `{saga}`")]
    Unreadable {
        /// Which saga.
        saga: &'static str,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

/// What a saga is told, and what it is to keep of that.
#[derive(Clone, Debug)]
pub struct Told<S> {
    /// What it is told.
    pub input: Input<S>,
    /// The trace of whoever tells it; that of the first is kept.
    pub traceparent: Option<String>,
    /// What it is to remember from now on, in place of what it did.
    pub memory: Option<String>,
}

impl<S> From<Input<S>> for Told<S> {
    fn from(input: Input<S>) -> Self {
        Self { input, traceparent: None, memory: None }
    }
}

/// What being told something made of a saga.
#[derive(Debug)]
pub struct Advanced<D: Definition> {
    /// Which way it went before.
    pub before: Phase,
    /// The saga after.
    pub instance: Instance<D>,
}

impl<D: Definition> Advanced<D> {
    /// Whether it has just come to this phase.
    pub fn became(&self, phase: Phase) -> bool {
        self.before != phase && self.instance.progress.phase() == phase
    }
}

/// Moves sagas of one definition on.
#[derive(Clone)]
pub struct Runner<D> {
    ask: Arc<dyn Ask<D>>,
    wake: tasks::Wake,
    observer: Option<Arc<dyn Observer>>,
}

impl<D: Definition> Runner<D> {
    /// A runner that asks participants in this way, and wakes the worker of its tasks.
    pub fn new(ask: impl Ask<D>, wake: tasks::Wake) -> Self {
        Self { ask: Arc::new(ask), wake, observer: None }
    }

    /// Tells `observer` of what becomes of sagas.
    #[must_use]
    pub fn observed(self, observer: Arc<dyn Observer>) -> Self {
        Self { observer: Some(observer), ..self }
    }

    /// The saga of this id; a new one if there is none.
    ///
    /// # Errors
    /// If the store fails, or another release began it.
    pub async fn load(&self, tx: &mut Transaction, id: Uuid) -> Result<Instance<D>, Error> {
        store::load(tx, id).await
    }

    /// Tells a saga something, in the caller's transaction: its new progress, its log, and what is to be asked next
    /// are kept together with whatever else the transaction writes. `request` makes what a participant is sent, of
    /// the move and of what the saga remembers; nothing, if that is not enough.
    ///
    /// # Errors
    /// If the store fails, or another release began it.
    pub async fn advance(
        &self,
        tx: &mut Transaction,
        id: Uuid,
        told: Told<D::Step>,
        request: impl Fn(Move<D::Step>, &Instance<D>) -> Option<String>,
    ) -> Result<Advanced<D>, Error> {
        let mut instance = store::load::<D>(tx, id).await?;
        let before = instance.progress.clone();
        let effects = instance.progress.react(told.input);
        if instance.progress == before {
            return Ok(Advanced { before: before.phase(), instance });
        }
        instance.traceparent = instance.traceparent.or(told.traceparent);
        instance.memory = told.memory.or(instance.memory);
        store::save(tx, id, &instance).await?;
        journal::note_about(tx, id, self::told::<D>(told.input));
        self.tell(tx, id, told.input, before.phase(), &effects, &instance);
        for effect in effects {
            match effect {
                Effect::Ask(this) => {
                    let request = request(this, &instance)
                        .ok_or_else(|| Error::NoRequest { step: move_name::<D>(this) })?;
                    self.begin(tx, id, this, &request).await?;
                }
                Effect::Forget(this) => {
                    tasks::cancel(tx, D::NAME, id, &move_name::<D>(this)).await?;
                }
            }
        }
        Ok(Advanced { before: before.phase(), instance })
    }

    /// Tells the observer, once the transaction is committed.
    fn tell(
        &self,
        tx: &mut Transaction,
        id: Uuid,
        input: Input<D::Step>,
        before: Phase,
        effects: &[Effect<D::Step>],
        instance: &Instance<D>,
    ) {
        let Some(observer) = self.observer.clone() else { return };
        let answered = match input {
            Input::Start | Input::Abort => None,
            Input::Done(step) => Some((step, Event::Done)),
            Input::Refused(step) => Some((step, Event::Refused)),
            Input::Deferred(step) => Some((step, Event::Deferred)),
            Input::Undone(step) => Some((step, Event::Undone)),
        };
        let asked = effects.iter().filter_map(|effect| match effect {
            Effect::Ask(this) => Some((this.step, Event::Asked(this.direction))),
            Effect::Forget(_) => None,
        });
        let events: Vec<_> = answered.into_iter().chain(asked).collect();
        let phase = Some(instance.progress.phase()).filter(|phase| *phase != before);
        let traceparent = instance.traceparent.clone();
        tx.after_commit(move || {
            for (step, event) in events {
                observer.step(D::NAME, id, &step_name::<D>(step), event, traceparent.as_deref());
            }
            if let Some(phase) = phase {
                observer.phase(D::NAME, id, phase);
            }
        });
    }

    async fn begin(
        &self,
        tx: &mut Transaction,
        id: Uuid,
        this: Move<D::Step>,
        request: &str,
    ) -> Result<(), Error> {
        let entry = if this.direction == Direction::Action { "asked" } else { "undo asked" };
        let (step, name) = (step_name::<D>(this.step), move_name::<D>(this));
        let asked = Entry::new(Kind::Saga, step).with_outcome(entry);
        journal::note_about(tx, id, asked.linked(Some(ask_id(D::NAME, id, &name))));
        let delay = self.ask.ask(tx, id, this, request).await?;
        tasks::schedule(tx, &Task::new(D::NAME, id, name, request), delay, &self.wake).await?;
        Ok(())
    }
}

/// What the journal is told of what a saga was told.
fn told<D: Definition>(input: Input<D::Step>) -> Entry {
    let (step, entry) = match input {
        Input::Start => (None, "started"),
        Input::Abort => (None, "aborted"),
        Input::Done(step) => (Some(step), "done"),
        Input::Refused(step) => (Some(step), "refused"),
        Input::Deferred(step) => (Some(step), "deferred"),
        Input::Undone(step) => (Some(step), "undone"),
    };
    Entry::new(Kind::Saga, step.map_or_else(|| "saga".to_owned(), step_name::<D>)).with_outcome(entry)
}

/// By what a participant and the journal know the decision to ask for a move: the same however often it is asked.
#[must_use]
pub fn ask_id(saga: &str, id: Uuid, move_name: &str) -> Uuid {
    Uuid::new_v5(&id, format!("{saga}/{move_name}").as_bytes())
}

impl<D: Definition> fmt::Debug for Runner<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Runner of `{}`", D::NAME)
    }
}

/// The name of the task that asks for a move: the step's, and `/undo` behind it where it is undone.
#[must_use]
pub fn move_name<D: Definition>(this: Move<D::Step>) -> String {
    let step = step_name::<D>(this.step);
    match this.direction {
        Direction::Action => step,
        Direction::Undo => format!("{step}/undo"),
    }
}

fn step_name<D: Definition>(step: D::Step) -> String {
    // A step is a unit variant: its serde name is the name that it has in the progress too.
    match serde_json::to_value(step) {
        Ok(serde_json::Value::String(name)) => name,
        _ => format!("{step:?}"),
    }
}
