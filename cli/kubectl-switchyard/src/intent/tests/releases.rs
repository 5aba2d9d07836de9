use super::*;

fn wanted(images: &[&str]) -> Wanted {
    Wanted { images: images.iter().map(|one| one.parse().unwrap()).collect(), version: None }
}

fn image(patch: &Patch) -> &Value {
    &patch.body["spec"]["template"]["spec"]["containers"]
}

#[test]
fn images_come_first_on_the_side_that_does_not_serve_and_the_wish_last() {
    let patches = release(&stable("blue"), &deployments(), &wanted(&["ordering/app=ordering:1.5"])).unwrap();
    let says: Vec<_> = patches.iter().map(|patch| patch.says.as_str()).collect();
    assert_eq!(
        says,
        [
            "Deployment ordering-green gets app ordering:1.5",
            // Not named: it gets what serves now, not what it had two releases ago.
            "Deployment billing-green gets app registry.example/shop/billing:2.1, version 2.1",
            "green shall serve",
        ]
    );
    assert_eq!(image(&patches[0]), &json!([{"name": "app", "image": "ordering:1.5"}]));
    assert_eq!(patches[0].body["metadata"]["resourceVersion"], "rv-ordering-green");
}

#[test]
fn what_is_written_already_is_not_written_again() {
    let mut there = deployments();
    let images =
        ["ordering/app=registry.example/shop/ordering:1.3", "billing/app=registry.example/shop/billing:2.0"];
    let patches = release(&stable("blue"), &there, &wanted(&images)).unwrap();
    assert_eq!(patches.len(), 1, "only the wish: {patches:?}");
    there.truncate(3);
    assert_eq!(
        release(&stable("blue"), &there, &wanted(&images)),
        Err(Refusal::NoDeployment("billing-green".into()))
    );
    let refused = release(&held("Gating", "blue", "green"), &deployments(), &wanted(&images)).unwrap_err();
    assert!(refused.advice().unwrap().contains("kubectl switchyard retry shop"));
}

#[test]
fn after_a_failure_a_new_image_alone_is_a_new_release() {
    let images = wanted(&["ordering/app=ordering:1.6", "billing/app=registry.example/shop/billing:2.0"]);
    let patches = release(&held("Gating", "blue", "green"), &deployments(), &images).unwrap();
    assert_eq!(patches.len(), 1);
    assert_eq!(image(&patches[0]), &json!([{"name": "app", "image": "ordering:1.6"}]));
}

#[test]
fn a_side_that_could_still_be_needed_is_not_touched() {
    let images = wanted(&["ordering/app=ordering:1.5"]);
    for phase in ["Switching", "Verifying", "Draining", "SwitchingBack"] {
        for object in [at(phase, "green", "green"), held(phase, "green", "green")] {
            let refused = release(&object, &deployments(), &images).unwrap_err();
            assert!(matches!(refused, Refusal::UnderWay { side: Colour::Blue, .. }), "{phase}: {refused}");
        }
    }
    let drains = json!({"phase": "Held", "heldIn": "Stable", "active": "blue", "drainingSince": "2026-11-28T11:59:50Z"});
    assert!(matches!(
        release(&shop("green", drains), &deployments(), &images),
        Err(Refusal::UnderWay { side: Colour::Green, .. })
    ));
}

#[test]
fn a_container_is_found_in_exactly_one_workload() {
    let refuse = |images: &[&str]| release(&stable("blue"), &deployments(), &wanted(images)).unwrap_err();
    assert_eq!(refuse(&["app=x:1"]).advice().as_deref(), Some("name one of ordering/app, billing/app"));
    assert_eq!(
        refuse(&["ordering/web=x:1"]).advice().as_deref(),
        Some("there are: ordering/app, billing/app")
    );
    assert_eq!(refuse(&["ordering/app=x:1", "ordering/app=x:2"]), Refusal::Twice("ordering/app".into()));
}

#[test]
fn a_version_labels_the_pods_and_is_waited_for() {
    let mut object = stable("blue");
    let mut images = wanted(&["ordering/app=ordering:1.5"]);
    object.spec.workloads[0].green.version = Some("1.5".into());
    let refused = release(&object, &deployments(), &images).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the green side of workload `ordering` waits for version `1.5`, and its pods would be `1.3`"
    );
    assert_eq!(refused.advice().as_deref(), Some("say --app-version 1.5, or which one it is"));
    object.spec.workloads[0].green.version = Some("1.3".into());
    images.version = Some("1.5".into());
    let patches = release(&object, &deployments(), &images).unwrap();
    assert_eq!(
        patches[0].body["spec"]["template"]["metadata"],
        json!({"labels": {"app.kubernetes.io/version": "1.5"}})
    );
    let wish = &patches.last().unwrap().body["spec"];
    assert_eq!(
        (&wish["active"], &wish["workloads"][0]["green"]["version"]),
        (&json!("green"), &json!("1.5"))
    );
}

#[test]
fn a_version_that_is_selected_by_cannot_be_given() {
    let mut there = deployments();
    let selector = &mut there[1].spec.as_mut().unwrap().selector;
    selector.match_labels.as_mut().unwrap().insert("app.kubernetes.io/version".into(), "1.3".into());
    let mut images = wanted(&["ordering/app=ordering:1.5"]);
    images.version = Some("1.5".into());
    assert_eq!(
        release(&stable("blue"), &there, &images),
        Err(Refusal::VersionSelected("ordering-green".into()))
    );
}

#[test]
fn the_images_of_a_deployment_that_helm_keeps_are_to_be_committed() {
    let object = stable("blue");
    let mut there = deployments();
    there[1].metadata.annotations =
        Some([("meta.helm.sh/release-name".to_owned(), "shop".to_owned())].into());
    let patches = release(&object, &there, &wanted(&["ordering/app=ordering:1.5"])).unwrap();
    let refused = unowned(&patches, &object, &there).unwrap_err();
    assert!(
        refused.to_string().starts_with("Helm (shop) writes `spec.template` of Deployment ordering-green"),
        "{refused}"
    );
    assert!(refused.advice().unwrap().contains("image: ordering:1.5"));
}
