//! How far a saga has come, and what it does next: pure, a function of what it was told.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::definition::{Definition, Role, StepSpec};

/// How far one saga has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Progress<D: Definition> {
    phase: Phase,
    steps: BTreeMap<D::Step, StepState>,
}

/// Which way a saga goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It was not started.
    New,
    /// Steps are being taken.
    Forward,
    /// What was done is being undone, last first.
    Unwinding,
    /// Every step that is not deferred is done, and at least one is: somebody else will move it on.
    Resting,
    /// Every step is done.
    Completed,
    /// Everything that was done is undone.
    Unwound,
}

impl Phase {
    /// What it is called in the store and in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Forward => "forward",
            Self::Unwinding => "unwinding",
            Self::Resting => "resting",
            Self::Completed => "completed",
            Self::Unwound => "unwound",
        }
    }
}

/// How far one step has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// The participant was asked, and did not answer yet.
    Asked,
    /// It is done.
    Done,
    /// The participant refused.
    Refused,
    /// The participant will do it when somebody else moves it to; it is not asked again.
    Deferred,
    /// It is to be undone, when the steps after it are.
    AwaitsUndo,
    /// The participant was asked to undo it, and did not answer yet.
    Undoing,
    /// It is undone.
    Undone,
}

/// What a saga is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input<S> {
    /// To begin.
    Start,
    /// That a step is done; of the pivot, also when that is the answer to its undo.
    Done(S),
    /// That a step was refused, for good.
    Refused(S),
    /// That a step will be done when somebody else moves it to.
    Deferred(S),
    /// That a step is undone, or was never done and never will be.
    Undone(S),
    /// To undo everything, if it is not too late.
    Abort,
}

/// Whether a step is taken or undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// It is taken.
    Action,
    /// It is undone.
    Undo,
}

/// One thing to ask of a participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Move<S> {
    /// The step.
    pub step: S,
    /// Taken or undone.
    pub direction: Direction,
}

/// What is to be done about a saga, now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect<S> {
    /// Ask a participant, and go on asking until it answers.
    Ask(Move<S>),
    /// Stop asking: the answer is there, or does not matter any more.
    Forget(Move<S>),
}

impl<D: Definition> Default for Progress<D> {
    fn default() -> Self {
        Self { phase: Phase::New, steps: BTreeMap::new() }
    }
}

impl<D: Definition> Progress<D> {
    /// Which way it goes.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// How far a step has come; nothing if nobody asked for it yet.
    #[must_use]
    pub fn step(&self, step: D::Step) -> Option<StepState> {
        self.steps.get(&step).copied()
    }

    /// Every step that somebody asked for, with how far it has come.
    pub fn steps(&self) -> impl Iterator<Item = (D::Step, StepState)> + '_ {
        self.steps.iter().map(|(step, state)| (*step, *state))
    }

    /// Whether nothing is being asked of anybody.
    #[must_use]
    pub const fn is_at_rest(&self) -> bool {
        matches!(self.phase, Phase::Resting | Phase::Completed | Phase::Unwound)
    }

    /// Takes in what the saga was told and says what follows. What it knows already, or what does not matter any
    /// more, changes nothing: replies may be repeated, late, and out of order.
    pub fn react(&mut self, input: Input<D::Step>) -> Vec<Effect<D::Step>> {
        let mut effects = Vec::new();
        match (self.phase, input) {
            (Phase::New, Input::Start) => self.phase = Phase::Forward,
            // An undo that overtook its own start: nothing was asked, and nothing will be.
            (Phase::New, Input::Abort) => self.unwind_from(D::steps().len(), &mut effects),
            (Phase::Forward | Phase::Resting, Input::Done(step)) => self.done(step, &mut effects),
            (Phase::Forward, Input::Deferred(step)) if self.step(step) == Some(StepState::Asked) => {
                self.settle(step, StepState::Deferred, Direction::Action, &mut effects);
            }
            (Phase::Forward, Input::Refused(step)) => self.refused(step, &mut effects),
            (Phase::Forward, Input::Abort) if !self.is_past_pivot() => {
                self.unwind_from(D::steps().len(), &mut effects);
            }
            (Phase::Unwinding, Input::Done(step)) if is_pivot::<D>(step) => self.too_late(step, &mut effects),
            (Phase::Unwinding, Input::Undone(step)) if self.step(step) == Some(StepState::Undoing) => {
                self.settle(step, StepState::Undone, Direction::Undo, &mut effects);
            }
            _ => return effects,
        }
        match self.phase {
            Phase::Forward | Phase::Resting => self.go_forward(&mut effects),
            Phase::Unwinding => self.go_back(&mut effects),
            Phase::New | Phase::Completed | Phase::Unwound => {}
        }
        effects
    }

    /// A step is done. A step that is done implies that those before it are: their replies may come later.
    fn done(&mut self, step: D::Step, effects: &mut Vec<Effect<D::Step>>) {
        if matches!(self.step(step), Some(StepState::Done)) {
            return;
        }
        for earlier in spec::<D>(step).map_or(&[][..], |spec| spec.after) {
            self.done(*earlier, effects);
        }
        self.settle(step, StepState::Done, Direction::Action, effects);
    }

    /// A step was refused: what was done before it is undone. A refused pivot is undone too, since the participant
    /// may have something to put away, and it alone knows. A retriable step cannot be refused: it goes on being asked.
    fn refused(&mut self, step: D::Step, effects: &mut Vec<Effect<D::Step>>) {
        let may_be = spec::<D>(step).is_some_and(|spec| spec.role != Role::Retriable);
        if !may_be || self.step(step) != Some(StepState::Asked) {
            return;
        }
        self.settle(step, StepState::Refused, Direction::Action, effects);
        let from = D::steps().iter().take_while(|spec| spec.step != step).count();
        self.unwind_from(if is_pivot::<D>(step) { from + 1 } else { from }, effects);
    }

    /// Turns round: of the first `count` steps each that can be undone is to be, whether its participant answered
    /// or not, and even if it was never asked — an action under way may arrive after its undo.
    fn unwind_from(&mut self, count: usize, effects: &mut Vec<Effect<D::Step>>) {
        self.phase = Phase::Unwinding;
        for spec in D::steps() {
            if self.step(spec.step) == Some(StepState::Asked) {
                effects.push(Effect::Forget(Move { step: spec.step, direction: Direction::Action }));
            }
        }
        for spec in D::steps().iter().take(count).filter(|spec| spec.role != Role::Retriable) {
            self.steps.insert(spec.step, StepState::AwaitsUndo);
        }
    }

    /// The pivot was passed before its undo arrived. Nothing before it was undone yet, since it is undone first, and
    /// all of it was done, since it was asked for last.
    fn too_late(&mut self, pivot: D::Step, effects: &mut Vec<Effect<D::Step>>) {
        if self.step(pivot) != Some(StepState::Undoing) {
            return;
        }
        self.settle(pivot, StepState::Done, Direction::Undo, effects);
        for state in self.steps.values_mut().filter(|state| **state == StepState::AwaitsUndo) {
            *state = StepState::Done;
        }
        self.phase = Phase::Forward;
    }

    fn settle(
        &mut self,
        step: D::Step,
        state: StepState,
        direction: Direction,
        effects: &mut Vec<Effect<D::Step>>,
    ) {
        self.steps.insert(step, state);
        effects.push(Effect::Forget(Move { step, direction }));
    }

    fn go_forward(&mut self, effects: &mut Vec<Effect<D::Step>>) {
        for spec in D::steps() {
            let ready = spec.after.iter().all(|earlier| self.step(*earlier) == Some(StepState::Done));
            if ready && !self.steps.contains_key(&spec.step) {
                self.steps.insert(spec.step, StepState::Asked);
                effects.push(Effect::Ask(Move { step: spec.step, direction: Direction::Action }));
            }
        }
        let all = |wanted: &[StepState]| {
            D::steps().iter().all(|spec| self.step(spec.step).is_some_and(|state| wanted.contains(&state)))
        };
        let waiting = self.steps.values().any(|state| *state == StepState::Asked);
        self.phase = match self.phase {
            _ if all(&[StepState::Done]) => Phase::Completed,
            _ if !waiting => Phase::Resting,
            _ => Phase::Forward,
        };
    }

    fn go_back(&mut self, effects: &mut Vec<Effect<D::Step>>) {
        if self.steps.values().any(|state| *state == StepState::Undoing) {
            return;
        }
        let last = D::steps().iter().rev().find(|spec| self.step(spec.step) == Some(StepState::AwaitsUndo));
        match last {
            Some(spec) => {
                self.steps.insert(spec.step, StepState::Undoing);
                effects.push(Effect::Ask(Move { step: spec.step, direction: Direction::Undo }));
            }
            None => self.phase = Phase::Unwound,
        }
    }

    fn is_past_pivot(&self) -> bool {
        D::steps()
            .iter()
            .any(|spec| spec.role == Role::Pivot && self.step(spec.step) == Some(StepState::Done))
    }
}

fn spec<D: Definition>(step: D::Step) -> Option<&'static StepSpec<D::Step>> {
    D::steps().iter().find(|spec| spec.step == step)
}

fn is_pivot<D: Definition>(step: D::Step) -> bool {
    spec::<D>(step).is_some_and(|spec| spec.role == Role::Pivot)
}
