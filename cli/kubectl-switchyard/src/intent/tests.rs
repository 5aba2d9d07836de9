use rollout::{BlueGreen, Colour};
use serde_json::{Value, json};

use super::{
    COLOUR_LABEL, Patch, Refusal,
    adopt::adopt,
    approve::approve,
    owner::unowned,
    release::{Wanted, release},
    wish::{abort, pause, promote, retry, undo},
};
use crate::testing::{deployments, in_readme, service, shop, stable};

mod releases;

/// What is written to `spec`.
fn written(patches: Result<Vec<Patch>, Refusal>) -> Vec<Value> {
    patches.expect("patches").into_iter().map(|patch| patch.body["spec"].clone()).collect()
}

fn at(phase: &str, active: &str, to: &str) -> BlueGreen {
    shop(to, json!({"phase": phase, "active": active, "to": to, "wayBack": true}))
}

fn held(held_in: &str, active: &str, to: &str) -> BlueGreen {
    let failed = json!({"to": to, "template": "t", "attempt": 0, "reason": "GateFailed"});
    shop(to, json!({"phase": "Held", "heldIn": held_in, "active": active, "to": to, "failed": failed}))
}

#[test]
fn every_patch_names_the_version_that_it_was_decided_from() {
    let patches = promote(&stable("blue"), None).unwrap();
    assert_eq!(patches[0].body, json!({"spec": {"active": "green"}, "metadata": {"resourceVersion": "70"}}));
    assert_eq!(
        patches[0].as_kubectl("default"),
        r#"kubectl patch bluegreen shop -n default --type=merge -p '{"spec":{"active":"green"}}'"#
    );
}

#[test]
fn promote_brings_the_traffic_to_the_other_side_and_once_only_if_the_colour_is_said() {
    assert_eq!(written(promote(&stable("green"), None)), [json!({"active": "blue"})]);
    assert_eq!(written(promote(&stable("green"), Some(Colour::Green))), [] as [Value; 0]);
    // It is wished already.
    assert_eq!(written(promote(&at("Gating", "blue", "green"), None)), [] as [Value; 0]);
}

#[test]
fn nothing_is_decided_from_a_status_that_is_not_of_the_object_as_it_is() {
    let mut object = stable("blue");
    object.metadata.generation = Some(8);
    let refused = promote(&object, None).unwrap_err();
    assert_eq!(refused, Refusal::NotSeen { name: "shop".into(), generation: 8 });
    object.status = None;
    assert!(matches!(abort(&object), Err(Refusal::NotSeen { .. })));
}

#[test]
fn abort_goes_back_to_where_the_release_began_whatever_the_phase() {
    for (phase, active) in [
        ("Preparing", "blue"),
        ("Gating", "blue"),
        ("Switching", "mixed"),
        ("Verifying", "green"),
        ("Draining", "green"),
    ] {
        let object = at(phase, active, "green");
        assert_eq!(written(abort(&object)), [json!({"active": "blue"})], "{phase}");
        let object = held(phase, active, "green");
        assert_eq!(written(abort(&object)), [json!({"active": "blue"})], "held in {phase}");
    }
    // What went back is held in Stable, and the wish is still the other.
    assert_eq!(written(abort(&held("Stable", "blue", "green"))), [json!({"active": "blue"})]);
}

#[test]
fn abort_of_nothing_is_refused_and_undo_named_where_it_would_help() {
    let refused = abort(&stable("blue")).unwrap_err();
    assert_eq!(refused.to_string(), "nothing is under way at BlueGreen `shop`: blue serves, as it shall");
    assert_eq!(refused.advice(), None);
    let refused = abort(&switched()).unwrap_err();
    assert!(refused.advice().unwrap().contains("kubectl switchyard undo shop"));
}

fn switched() -> BlueGreen {
    let switch = json!({"from": "blue", "to": "green", "images": [], "ended": "2026-11-28T11:00:00Z", "outcome": "Switched"});
    let rollback = json!({"type": "RollbackAvailable", "status": "True", "reason": "Switched", "message": "", "lastTransitionTime": "2026-11-28T11:00:00Z", "observedGeneration": 7});
    shop(
        "green",
        json!({"phase": "Stable", "active": "green", "to": "green", "wayBack": true, "history": [switch], "conditions": [rollback]}),
    )
}

#[test]
fn undo_takes_a_finished_switch_back_and_only_that() {
    let patches = undo(&switched()).unwrap();
    assert_eq!(patches[0].says, "blue shall serve again, at once: it stands ready");
    let mut late = switched();
    let status = late.status.as_mut().unwrap();
    (status.conditions[0].status, status.conditions[0].message) = (false.into(), "It has shrunk.".into());
    assert_eq!(
        undo(&late).unwrap()[0].says,
        "blue shall serve again, by a release with gates. It has shrunk."
    );
    assert_eq!(written(undo(&at("Draining", "green", "green"))), [json!({"active": "blue"})]);
    assert_eq!(undo(&stable("green")), Err(Refusal::NothingToUndo("shop".into())));
    assert!(matches!(undo(&at("Gating", "blue", "green")), Err(Refusal::AbortInstead { .. })));
}

#[test]
fn undo_twice_is_undo_once() {
    let mut object = switched();
    object.spec.active = Colour::Blue;
    assert_eq!(written(undo(&object)), [] as [Value; 0]);
}

#[test]
fn retry_raises_the_attempt_of_what_failed() {
    assert_eq!(written(retry(&held("Gating", "blue", "green"))), [json!({"attempt": 1})]);
    assert_eq!(retry(&stable("blue")), Err(Refusal::NothingFailed("shop".into())));
}

#[test]
fn pause_and_resume_write_only_what_changes() {
    let object = stable("blue");
    assert_eq!(written(Ok(pause(&object, true))), [json!({"paused": true})]);
    assert_eq!(pause(&object, false), []);
}

#[test]
fn an_approval_is_for_one_release() {
    let gating =
        shop("green", json!({"phase": "Gating", "active": "blue", "to": "green", "release": "3f9c"}));
    let patches = approve(&gating, "sign-off", None).unwrap();
    assert_eq!(
        patches[0].body["metadata"],
        json!({"annotations": {"approve.switchyard.dev/sign-off": "3f9c"}, "resourceVersion": "70"})
    );
    assert!(matches!(approve(&gating, "sign-off", Some("0000")), Err(Refusal::OtherRelease { .. })));
    let refused = approve(&gating, "smoke", None).unwrap_err();
    assert_eq!(refused.advice().as_deref(), Some("there are: sign-off"));
    assert_eq!(approve(&stable("blue"), "sign-off", None), Err(Refusal::NothingToApprove("shop".into())));
}

#[test]
fn only_services_that_the_operator_has_not_are_adopted() {
    let object = stable("blue");
    let services = [
        service("ordering", None, None),
        // Pointed by the operator at blue, and by somebody else at green.
        service("billing", Some("green"), Some("u1/blue/4")),
    ];
    let patches = adopt(&object, &services, COLOUR_LABEL).unwrap();
    let annotations: Vec<_> = patches.iter().map(|patch| &patch.body["metadata"]["annotations"]).collect();
    assert_eq!(
        annotations,
        [
            &json!({"switchyard.dev/adopt": "true", "switchyard.dev/switch": null}),
            &json!({"switchyard.dev/adopt": null, "switchyard.dev/switch": null}),
        ]
    );
    let services = ["ordering", "billing"].map(|name| service(name, Some("blue"), Some("u1/blue/4")));
    assert_eq!(adopt(&object, &services, COLOUR_LABEL), Err(Refusal::NothingToAdopt("shop".into())));
    let services = ["ordering", "billing"].map(|name| service(name, Some("blue"), Some("u2/blue/4")));
    assert!(matches!(adopt(&object, &services, COLOUR_LABEL), Err(Refusal::CannotAdopt { .. })));
}

#[test]
fn what_helm_or_a_gitops_manager_keeps_is_refused_with_the_lines_to_commit() {
    let mut object = stable("blue");
    let patches = promote(&object, None).unwrap();
    unowned(&patches, &object, &[]).unwrap();
    object.metadata.annotations = Some(
        [("argocd.argoproj.io/tracking-id".to_owned(), "shop-prod:switchyard.dev/BlueGreen".to_owned())]
            .into(),
    );
    let refused = unowned(&patches, &object, &[]).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "Argo CD (shop-prod:switchyard.dev/BlueGreen) writes `spec.active` of BlueGreen shop, and would write it back"
    );
    let advice = refused.advice().unwrap();
    in_readme(&format!("error: {}", crate::Failure::from(refused).told()));
    assert!(advice.contains("# BlueGreen shop\n    spec:\n      active: green"), "{advice}");
}

#[test]
fn a_manager_counts_for_the_fields_that_it_has_set() {
    let mut object = stable("blue");
    let entry = |manager: &str, fields: Value| {
        serde_json::from_value(
            json!({"manager": manager, "operation": "Apply", "fieldsType": "FieldsV1", "fieldsV1": fields}),
        )
        .unwrap()
    };
    object.metadata.managed_fields = Some(vec![
        entry("kustomize-controller", json!({"f:spec": {"f:active": {}}})),
        entry("kubectl-switchyard", json!({"f:spec": {"f:paused": {}}})),
    ]);
    let refused = unowned(&promote(&object, None).unwrap(), &object, &[]).unwrap_err();
    assert!(refused.to_string().starts_with("Flux writes `spec.active`"), "{refused}");
    unowned(&pause(&object, true), &object, &[]).unwrap();
}
