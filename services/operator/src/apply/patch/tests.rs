use super::*;

const LABEL: &str = "switchyard.dev/color";

fn shop(mark: Option<&str>, colour: Option<&str>) -> Service {
    let annotations = mark.map(|mark| json!({ SWITCH: mark }));
    let mut selector = json!({ "app": "shop" });
    if let Some(colour) = colour {
        selector[LABEL] = json!(colour);
    }
    let metadata = json!({ "name": "shop", "namespace": "shop", "annotations": annotations });
    serde_json::from_value(json!({ "metadata": metadata, "spec": { "selector": selector } }))
        .expect("a Service")
}

fn sealed(service: &Service) -> Value {
    super::service(service, LABEL, "mine", "7", Change::Seal { n: 5 })["metadata"]["annotations"].clone()
}

#[test]
fn a_service_is_pointed_and_marked_in_one_request_that_has_the_version_in_it() {
    let patch =
        service(&shop(None, Some("blue")), LABEL, "mine", "7", Change::Point { to: Colour::Green, n: 4 });
    let expected = json!({
        "metadata": { "resourceVersion": "7", "annotations": { SWITCH: "mine/green/4" } },
        "spec": { "selector": { LABEL: "green" } },
    });
    assert_eq!(patch, expected);
}

#[test]
fn a_seal_keeps_the_colour_of_the_mark_even_if_somebody_has_pointed_the_service_elsewhere() {
    assert_eq!(sealed(&shop(Some("mine/blue/4"), Some("green"))), json!({ SWITCH: "mine/blue/5" }));
}

#[test]
fn a_seal_takes_a_service_without_a_mark_over_as_it_stands() {
    assert_eq!(sealed(&shop(None, Some("green"))), json!({ SWITCH: "mine/green/5" }));
    assert_eq!(sealed(&shop(Some("mine/purple/x"), Some("green"))), json!({ SWITCH: "mine/green/5" }));
}

#[test]
fn a_seal_of_a_service_without_a_colour_says_none() {
    assert_eq!(sealed(&shop(None, None)), json!({ SEAL: "5" }));
}

#[test]
fn a_floor_remembers_what_was_and_a_null_takes_the_memory_away() {
    let raised = other("7", Change::Floor { min: 4, former: Some(2) });
    assert_eq!(raised["metadata"]["annotations"], json!({ MIN_REPLICAS: "2", RAISED_REPLICAS: "4" }));
    let lowered = other("7", Change::Floor { min: 2, former: None });
    assert_eq!(lowered["metadata"]["annotations"], json!({ MIN_REPLICAS: null, RAISED_REPLICAS: null }));
}
