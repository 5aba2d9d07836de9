//! The tests that every saga inherits.
//!
//! A participant may answer twice, late, or not at all, and each step may be refused: [`inherits`] drives a
//! definition through all of that and panics, naming the step, where it does not end as it should.

use crate::{Definition, Direction, Effect, Input, Move, Phase, Progress, Role};

/// Checks that a definition is well formed, that each action and each undo may be repeated, and that a refusal or an
/// abort at each step unwinds what was done.
///
/// # Panics
/// If it is not so.
#[track_caller]
pub fn inherits<D: Definition>() {
    is_well_formed::<D>();
    goes_to_its_end::<D>(1);
    goes_to_its_end::<D>(2);
    for spec in D::steps().iter().filter(|spec| spec.role != Role::Retriable) {
        unwinds_when_refused::<D>(spec.step);
        unwinds_when_aborted_at::<D>(spec.step);
    }
    goes_on_when_the_undo_is_too_late::<D>();
}

fn is_well_formed<D: Definition>() {
    let roles: Vec<Role> = D::steps().iter().map(|spec| spec.role).collect();
    let pivot = roles.iter().position(|role| *role == Role::Pivot).expect("a saga has a pivot");
    assert!(
        roles[..pivot].iter().all(|role| *role == Role::Compensatable),
        "before the pivot all can be undone"
    );
    assert!(
        roles[pivot + 1..].iter().all(|role| *role == Role::Retriable),
        "after the pivot nothing can fail"
    );
    for (at, spec) in D::steps().iter().enumerate() {
        for earlier in spec.after {
            let known = D::steps()[..at].iter().any(|other| other.step == *earlier);
            assert!(known, "{:?} comes after {earlier:?}, which is no earlier step", spec.step);
        }
    }
}

/// Every participant answers, `times` times each.
fn goes_to_its_end<D: Definition>(times: usize) {
    let mut progress = Progress::<D>::default();
    let mut asked = asks(progress.react(Input::Start));
    assert!(progress.react(Input::Start).is_empty(), "started twice");
    let mut count = 0;
    while let Some(this) = asked.pop() {
        count += 1;
        assert_eq!(this.direction, Direction::Action, "nothing is undone");
        for time in 0..times {
            let next = asks(progress.react(Input::Done(this.step)));
            assert!(time == 0 || next.is_empty(), "{:?} answered twice asks again", this.step);
            asked.extend(next);
        }
    }
    assert_eq!((progress.phase(), count), (Phase::Completed, D::steps().len()), "each step once, to the end");
}

fn unwinds_when_refused<D: Definition>(refused: D::Step) {
    let mut progress = up_to::<D>(refused);
    let asked = asks(progress.react(Input::Refused(refused)));
    assert!(progress.react(Input::Refused(refused)).is_empty(), "{refused:?} refused twice");
    unwound_in_reverse(progress, asked);
}

fn unwinds_when_aborted_at<D: Definition>(step: D::Step) {
    let mut progress = up_to::<D>(step);
    let asked = asks(progress.react(Input::Abort));
    assert!(progress.react(Input::Abort).is_empty(), "aborted twice at {step:?}");
    let ignored = progress.clone().react(Input::Refused(step));
    assert!(asks(ignored).is_empty(), "a refusal of {step:?} after the abort asks for something");
    if D::steps().iter().any(|spec| spec.step == step && spec.role != Role::Pivot) {
        let late = asks(progress.react(Input::Done(step)));
        assert!(late.is_empty(), "{step:?} confirmed after the abort asks for something");
    }
    let undone = unwound_in_reverse(progress, asked);
    let undoable = D::steps().iter().filter(|spec| spec.role != Role::Retriable).count();
    assert_eq!(undone, undoable, "an abort undoes every step that may be under way");
}

fn goes_on_when_the_undo_is_too_late<D: Definition>() {
    for spec in D::steps().iter().filter(|spec| spec.role == Role::Pivot) {
        let mut progress = up_to::<D>(spec.step);
        progress.react(Input::Abort);
        let asked = asks(progress.react(Input::Done(spec.step)));
        assert!(
            asked.iter().all(|this| this.direction == Direction::Action),
            "past the pivot nothing is undone"
        );
        assert!(asks(progress.react(Input::Abort)).is_empty(), "an abort past the pivot changes nothing");
        assert_eq!(progress.phase(), if asked.is_empty() { Phase::Completed } else { Phase::Forward });
    }
}

/// A saga whose participants confirmed everything before `step`, which is asked for.
fn up_to<D: Definition>(step: D::Step) -> Progress<D> {
    let mut progress = Progress::<D>::default();
    let mut asked = asks(progress.react(Input::Start));
    while !asked.iter().any(|this| this.step == step) {
        let this = asked.pop().expect("the step is reached");
        asked.extend(asks(progress.react(Input::Done(this.step))));
    }
    progress
}

/// Answers every undo twice; how many there were.
fn unwound_in_reverse<D: Definition>(mut progress: Progress<D>, mut asked: Vec<Move<D::Step>>) -> usize {
    let order = |step| D::steps().iter().position(|spec| spec.step == step);
    let mut undone: Vec<D::Step> = Vec::new();
    while let Some(this) = asked.pop() {
        assert_eq!(this.direction, Direction::Undo, "nothing is done any more");
        assert!(asked.is_empty(), "one undo at a time");
        asked = asks(progress.react(Input::Undone(this.step)));
        assert!(asks(progress.react(Input::Undone(this.step))).is_empty(), "{:?} undone twice", this.step);
        undone.push(this.step);
    }
    assert!(undone.windows(2).all(|pair| order(pair[0]) > order(pair[1])), "last first: {undone:?}");
    assert_eq!(progress.phase(), Phase::Unwound);
    undone.len()
}

fn asks<S>(effects: Vec<Effect<S>>) -> Vec<Move<S>> {
    effects
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::Ask(this) => Some(this),
            Effect::Forget(_) => None,
        })
        .collect()
}
