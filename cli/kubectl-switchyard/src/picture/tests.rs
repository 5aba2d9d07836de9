use rollout::Phase;
use serde_json::json;

use super::*;
use crate::{
    intent::COLOUR_LABEL,
    testing::{in_readme, now, objects, plain, service, shop, size, slice, stable},
};

fn gates() -> serde_json::Value {
    json!([
        {"name": "smoke", "state": "Passed", "since": "2026-11-28T11:59:00Z", "message": ""},
        {"name": "sign-off", "state": "Running", "since": "2026-11-28T11:59:50Z", "message": "gate sign-off"},
    ])
}

fn gating() -> Picture {
    let status = json!({
        "phase": "Gating", "active": "blue", "to": "green", "release": "3f9c", "wayBack": true, "gates": gates(),
        "reason": "ApprovalMissing", "message": "A gate waits for a person. gate sign-off",
        "deadline": "2026-11-28T12:08:00Z", "deadlineStopped": "2026-11-28T11:59:50Z",
    });
    Picture::of(&shop("green", status), &objects("blue"), COLOUR_LABEL, now())
}

#[test]
fn a_release_that_waits_for_a_person() {
    in_readme(&plain(&draw(&gating(), 100)));
}

#[test]
fn a_release_that_went_back() {
    let status = json!({
        "phase": "Held", "heldIn": "Stable", "active": "blue", "to": "green", "cause": "Broken",
        "reason": "Broken", "message": "The side that serves has too few ready pods or endpoints. ordering-green: CrashLoopBackOff",
        "drainingSince": "2026-11-28T11:59:48Z",
    });
    let mut objects = objects("blue");
    size(&mut objects, "ordering-green", 3, 3, 1);
    in_readme(&plain(&draw(&Picture::of(&shop("green", status), &objects, COLOUR_LABEL, now()), 100)));
}

#[test]
fn the_same_as_a_line() {
    in_readme(&line(&gating()));
}

#[test]
fn no_line_is_wider_than_the_terminal_unless_names_are() {
    for width in [60, 80, 200] {
        for line in draw(&gating(), width) {
            assert!(crate::text::length(&line) <= width.max(80), "{width}: {line:?}");
        }
    }
}

#[test]
fn the_picture_is_of_the_objects_also_where_the_operator_says_nothing() {
    let mut object = stable("blue");
    object.status = None;
    let picture = Picture::of(&object, &objects("green"), COLOUR_LABEL, now());
    assert_eq!((picture.active, picture.phase), (Some(rollout::Active::Green), None));
    let text = plain(&draw(&picture, 100));
    assert!(
        text.starts_with(
            "shop  green → blue  not looked at yet\nthe operator has not looked at it yet: is it running?"
        ),
        "{text}"
    );
}

#[test]
fn a_change_that_is_not_seen_yet_is_not_told_as_if_it_were() {
    let mut object = stable("blue");
    object.metadata.generation = Some(8);
    let picture = Picture::of(&object, &objects("blue"), COLOUR_LABEL, now());
    assert_eq!((picture.phase, picture.steps), (None, vec![]));
}

#[test]
fn endpoints_are_merged_over_slices_and_counted_once() {
    let mut objects = objects("blue");
    objects.slices.push(slice("ordering", 2, 3));
    let picture = Picture::of(&stable("blue"), &objects, COLOUR_LABEL, now());
    let ordering = &picture.workloads[0].services[0];
    assert_eq!((ordering.ready, ordering.unready), (2, 1), "ready in every slice that names it");
}

#[test]
fn a_preview_is_shown_and_does_not_count_as_serving() {
    let (mut object, mut objects) = (stable("blue"), objects("blue"));
    object.spec.workloads[0].preview = Some(rollout::Preview { service: "ordering-preview".into() });
    objects.services.push(service("ordering-preview", Some("green"), None));
    let picture = Picture::of(&object, &objects, COLOUR_LABEL, now());
    assert_eq!(picture.active, Some(rollout::Active::Blue));
    assert_eq!(picture.workloads[0].sides[1].role, Role::Idle);
    let text = plain(&draw(&picture, 100));
    assert!(text.contains("  Service ordering          → blue  3 ready endpoints\n"), "{text}");
    assert!(text.contains("  Service ordering-preview  → green  0 ready endpoints  preview\n"), "{text}");
}

#[test]
fn what_is_not_there_is_said() {
    let objects = Objects { slices: vec![], ..Objects::default() };
    let text = plain(&draw(&Picture::of(&stable("blue"), &objects, COLOUR_LABEL, now()), 100));
    for said in ["shop  no colour → blue", "there is no Deployment ordering-blue", "it does not exist"] {
        assert!(text.contains(said), "{text}");
    }
}

#[test]
fn of_many_pods_a_block_is_several_and_one_missing_is_still_seen() {
    let mut objects = objects("blue");
    size(&mut objects, "ordering-blue", 250, 250, 249);
    size(&mut objects, "ordering-green", 250, 1, 0);
    let text = plain(&draw(&Picture::of(&stable("blue"), &objects, COLOUR_LABEL, now()), 100));
    assert!(text.contains("blue   ███████████▒  249/250"), "{text}");
    assert!(text.contains("green  ▒░░░░░░░░░░░  0/250"), "{text}");
}

#[test]
fn a_phase_is_marked_where_the_release_was_stopped() {
    let status = json!({"phase": "Held", "heldIn": "Verifying", "active": "green", "to": "green"});
    let picture = Picture::of(&shop("green", status), &objects("green"), COLOUR_LABEL, now());
    let steps: Vec<_> = picture.steps.into_iter().filter(|(_, step)| *step == Step::Stopped).collect();
    assert_eq!(steps, [(Phase::Verifying, Step::Stopped)]);
}
