//! What follows from each answer.

use proptest::prelude::*;
use saga::{Definition, Direction, Effect, Input, Move, Phase, Progress, StepState};

use crate::support::{Purchase, Step};

const STEPS: [Step; 6] = [Step::Credit, Step::Stock, Step::Ship, Step::TakeOut, Step::Bill, Step::Settle];

fn after(inputs: &[Input<Step>]) -> (Progress<Purchase>, Vec<Effect<Step>>) {
    let mut progress = Progress::default();
    let mut last = Vec::new();
    for input in inputs {
        last = progress.react(*input);
    }
    (progress, last)
}

fn action(step: Step) -> Effect<Step> {
    Effect::Ask(Move { step, direction: Direction::Action })
}

fn undo(step: Step) -> Effect<Step> {
    Effect::Ask(Move { step, direction: Direction::Undo })
}

#[test]
fn the_definition_inherits_the_tests_of_every_saga() {
    saga::testing::inherits::<Purchase>();
}

#[test]
fn a_refused_step_undoes_only_what_was_done_before_it() {
    let (progress, effects) = after(&[Input::Start, Input::Done(Step::Credit), Input::Refused(Step::Stock)]);
    assert!(effects.contains(&undo(Step::Credit)), "{effects:?}");
    assert_eq!(progress.step(Step::Stock), Some(StepState::Refused));
}

#[test]
fn a_refused_pivot_is_undone_itself_and_first() {
    let (_, effects) = after(&[
        Input::Start,
        Input::Done(Step::Credit),
        Input::Done(Step::Stock),
        Input::Refused(Step::Ship),
    ]);
    assert!(effects.contains(&undo(Step::Ship)), "{effects:?}");
}

#[test]
fn an_abort_undoes_the_whole_chain_even_what_was_never_asked_for() {
    let (mut progress, effects) = after(&[Input::Start, Input::Abort]);
    assert!(effects.contains(&undo(Step::Ship)));
    assert!(effects.contains(&Effect::Forget(Move { step: Step::Credit, direction: Direction::Action })));
    assert!(progress.react(Input::Undone(Step::Ship)).contains(&undo(Step::Stock)));
    assert!(progress.react(Input::Undone(Step::Stock)).contains(&undo(Step::Credit)));
    progress.react(Input::Undone(Step::Credit));
    assert_eq!(progress.phase(), Phase::Unwound);
}

#[test]
fn an_undo_of_the_pivot_that_is_too_late_turns_the_saga_forward_again() {
    let (progress, effects) = after(&[
        Input::Start,
        Input::Done(Step::Credit),
        Input::Done(Step::Stock),
        Input::Abort,
        Input::Done(Step::Ship),
    ]);
    assert!(effects.contains(&action(Step::TakeOut)) && effects.contains(&action(Step::Bill)), "{effects:?}");
    assert_eq!(progress.step(Step::Credit), Some(StepState::Done));
}

#[test]
fn a_deferred_step_lets_the_saga_rest_until_somebody_else_moves_it_on() {
    let forward = [
        Input::Start,
        Input::Done(Step::Credit),
        Input::Done(Step::Stock),
        Input::Done(Step::Ship),
        Input::Done(Step::TakeOut),
        Input::Deferred(Step::Bill),
    ];
    let (mut progress, _) = after(&forward);
    assert_eq!(progress.phase(), Phase::Resting);
    assert!(progress.react(Input::Done(Step::Bill)).contains(&action(Step::Settle)));
    assert_eq!(progress.phase(), Phase::Forward);
    progress.react(Input::Done(Step::Settle));
    assert_eq!(progress.phase(), Phase::Completed);
}

#[test]
fn progress_survives_being_written_and_read() {
    let (progress, _) = after(&[Input::Start, Input::Done(Step::Credit), Input::Abort]);
    let text = serde_json::to_string(&progress).expect("written");
    let read: Progress<Purchase> = serde_json::from_str(&text).expect("read");
    assert_eq!(read, progress);
}

fn input() -> impl Strategy<Value = Input<Step>> {
    let step = prop::sample::select(STEPS.as_slice());
    prop_oneof![
        1 => Just(Input::Start),
        1 => Just(Input::Abort),
        6 => step.clone().prop_map(Input::Done),
        2 => step.clone().prop_map(Input::Refused),
        1 => step.clone().prop_map(Input::Deferred),
        6 => step.prop_map(Input::Undone),
    ]
}

proptest! {
    /// Whatever a saga is told, in whatever order: it asks for an undo only before the pivot is done, one at a time,
    /// and once it is at its end it asks for nothing more.
    #[test]
    fn whatever_it_is_told_it_never_undoes_past_the_pivot(inputs in prop::collection::vec(input(), 0..60)) {
        let mut progress = Progress::<Purchase>::default();
        for input in inputs {
            let ended = matches!(progress.phase(), Phase::Completed | Phase::Unwound);
            let effects = progress.react(input);
            prop_assert!(!ended || effects.is_empty(), "asks after its end: {effects:?}");
            let undone = effects.iter().filter(|effect| {
                matches!(effect, Effect::Ask(Move { direction: Direction::Undo, .. }))
            });
            let undone = undone.count();
            prop_assert!(undone <= 1);
            if undone == 1 {
                prop_assert_ne!(progress.step(Step::Ship), Some(StepState::Done));
            }
        }
    }

    /// From wherever it is, a saga comes to an end if its participants answer what they are asked.
    #[test]
    fn it_ends_when_its_participants_answer(inputs in prop::collection::vec(input(), 0..30)) {
        let mut progress = Progress::<Purchase>::default();
        progress.react(Input::Start);
        for input in inputs {
            progress.react(input);
        }
        for _ in 0..4 * Purchase::steps().len() {
            let answers: Vec<_> = progress.steps().filter_map(|(step, state)| match state {
                StepState::Asked | StepState::Deferred => Some(Input::Done(step)),
                StepState::Undoing => Some(Input::Undone(step)),
                _ => None,
            }).collect();
            for answer in answers {
                progress.react(answer);
            }
        }
        prop_assert!(matches!(progress.phase(), Phase::Completed | Phase::Unwound), "{progress:?}");
    }
}
