use serde_json::json;

use super::{
    rights::{missing, of_operator, of_user},
    *,
};
use crate::{
    intent::COLOUR_LABEL,
    testing::{in_readme, plain, service, stable},
};

/// A Deployment of a side as it should be.
fn side(name: &str, colour: &str, replicas: i32) -> serde_json::Value {
    let app = name.split('-').next().unwrap();
    let labels = json!({"app": app, "switchyard.dev/color": colour});
    json!({
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{
                    "name": "app", "image": "app:1",
                    "ports": [{"name": "http", "containerPort": 8080}, {"name": "admin", "containerPort": 9090}],
                    "readinessProbe": {"httpGet": {"path": "/readyz", "port": "admin"}},
                    "resources": {"requests": {"cpu": "500m"}},
                }]},
            },
        },
        "status": {"replicas": replicas},
    })
}

fn all<K: serde::de::DeserializeOwned>(objects: serde_json::Value) -> Vec<K> {
    serde_json::from_value(objects).unwrap()
}

/// A namespace in which everything is as it should be.
fn healthy() -> (BlueGreen, Seen) {
    let mut object = stable("blue");
    object.spec.drain.port = Some("admin".into());
    let sides = ["ordering", "billing"]
        .map(|name| [side(&format!("{name}-blue"), "blue", 3), side(&format!("{name}-green"), "green", 0)]);
    let seen = Seen {
        blue_greens: vec![object.clone()],
        deployments: all(json!(sides.as_flattened())),
        services: ["ordering", "billing"].map(|name| service(name, Some("blue"), None)).to_vec(),
        ..Seen::default()
    };
    (object, seen)
}

fn about(findings: &[Finding]) -> Vec<(Level, &str)> {
    findings.iter().map(|finding| (finding.level, finding.about.as_str())).collect()
}

/// What is found once the namespace was changed so.
fn found(change: impl FnOnce(&mut BlueGreen, &mut Seen)) -> Vec<Finding> {
    let (mut object, mut seen) = healthy();
    change(&mut object, &mut seen);
    check(&object, &seen, COLOUR_LABEL)
}

/// The only finding, which is in the way.
#[track_caller]
fn stopped(change: impl FnOnce(&mut BlueGreen, &mut Seen)) -> String {
    let findings = found(change);
    let [Finding { level: Level::Stops, about, what, .. }] = &findings[..] else { panic!("{findings:?}") };
    format!("{about}: {what}")
}

#[test]
fn where_all_is_well_nothing_is_found() {
    assert_eq!(found(|_, _| {}), []);
    let text = plain(&draw("shop", &[], 100));
    assert_eq!(text, "shop: nothing is in the way\n");
}

#[test]
fn what_is_missing_is_named() {
    let findings = found(|_, seen| {
        seen.deployments.remove(1);
        seen.services.remove(0);
    });
    let expected = [(Level::Stops, "Deployment ordering-green"), (Level::Stops, "Service ordering")];
    assert_eq!(about(&findings), expected);
}

#[test]
fn deployments_that_select_each_others_pods_are_told_apart() {
    let findings = found(|_, seen| {
        for deployment in &mut seen.deployments[..2] {
            deployment.spec.as_mut().unwrap().selector.match_labels =
                Some([("app".into(), "ordering".into())].into());
        }
    });
    assert_eq!(
        about(&findings),
        [(Level::Stops, "Deployment ordering-blue"), (Level::Stops, "Deployment ordering-green")]
    );
    assert_eq!(findings[0].what, "its pods are selected by Deployment ordering-green too");
}

#[test]
fn pods_that_do_not_tell_their_colour_are_found() {
    let said = stopped(|_, seen| {
        let meta = seen.deployments[1].spec.as_mut().unwrap().template.metadata.as_mut().unwrap();
        meta.labels = Some([("app".into(), "ordering".into()), (COLOUR_LABEL.into(), "blue".into())].into());
        // Else blue's Deployment would select them, which is another finding.
        seen.deployments[0].spec.as_mut().unwrap().selector.match_labels =
            Some([("app".into(), "x".into())].into());
    });
    assert_eq!(
        said,
        "Deployment ordering-green: its pods are labelled switchyard.dev/color: blue, and it is the green side"
    );
}

#[test]
fn services_that_cannot_be_switched_are_found() {
    let spec = |seen: &mut Seen, spec: serde_json::Value| {
        seen.services[0].spec = serde_json::from_value(spec).unwrap();
    };
    let cases = [
        (
            json!({"type": "ExternalName", "externalName": "x"}),
            "it is only another name of something outside",
        ),
        (json!({}), "it has no selector"),
        (
            json!({"selector": {"app": "ordering"}, "publishNotReadyAddresses": true}),
            "it sends traffic to pods that are not ready",
        ),
        (json!({"selector": {"app": "ordering"}}), "its selector has no colour (switchyard.dev/color)"),
    ];
    for (service, what) in cases {
        assert_eq!(
            stopped(|_, seen| spec(seen, service.clone())),
            format!("Service ordering: {what}"),
            "{service}"
        );
    }
    let findings = found(|_, seen| {
        spec(
            seen,
            json!({
                "selector": {"app": "ordering", "tier": "web", "switchyard.dev/color": "blue"},
                "ports": [{"port": 80, "targetPort": "grpc"}],
            }),
        );
    });
    let whats: Vec<_> = findings.iter().map(|finding| finding.what.as_str()).collect();
    let expected = [
        "it selects by tier: web, which the pods of ordering-blue do not have",
        "it sends to the port `grpc`, which no container of ordering-blue has",
        "it selects by tier: web, which the pods of ordering-green do not have",
        "it sends to the port `grpc`, which no container of ordering-green has",
    ];
    assert_eq!(whats, expected);
}

#[test]
fn a_foreign_change_is_told_as_such() {
    let said = stopped(|_, seen| seen.services[0] = service("ordering", Some("green"), Some("u1/blue/3")));
    assert_eq!(said, "Service ordering: the operator pointed it at blue, and somebody else at green");
}

#[test]
fn two_blue_greens_over_one_service_are_found() {
    let findings = found(|object, seen| {
        let mut other = object.clone();
        other.metadata.name = Some("other".into());
        other.spec.workloads.truncate(1);
        (other.spec.workloads[0].blue.deployment, other.spec.workloads[0].green.deployment) =
            ("a".into(), "b".into());
        seen.blue_greens.push(other);
    });
    assert_eq!(about(&findings), [(Level::Stops, "Service ordering")]);
}

#[test]
fn autoscalers_must_allow_the_size_of_a_switch() {
    let scaler = |max: i32, keda: bool| {
        let labels = if keda { json!({"scaledobject.keda.sh/name": "orders"}) } else { json!({}) };
        all(json!([{
            "metadata": {"name": "ordering-green", "labels": labels},
            "spec": {"maxReplicas": max, "scaleTargetRef": {"kind": "Deployment", "name": "ordering-green", "apiVersion": "apps/v1"}},
        }]))
    };
    let said = stopped(|_, seen| seen.autoscalers = scaler(2, false));
    assert_eq!(
        said,
        "HorizontalPodAutoscaler ordering-green: it allows 2 replicas of ordering-green, and a switch needs 3"
    );
    assert_eq!(found(|_, seen| seen.autoscalers = scaler(3, false)), []);
    assert!(
        stopped(|_, seen| seen.autoscalers = scaler(9, true)).contains("KEDA's ScaledObject orders keeps it")
    );
}

#[test]
fn quotas_must_have_room_for_both_sides() {
    let quota = |resource: &str, hard: &str, used: &str| {
        all(
            json!([{"metadata": {"name": "team"}, "status": {"hard": {resource: hard}, "used": {resource: used}}}]),
        )
    };
    // Six pods are added, of half a processor each.
    let said = stopped(|_, seen| seen.quotas = quota("pods", "10", "6"));
    assert_eq!(said, "ResourceQuota team: it has 4 of pods left, and a switch needs 6 more");
    let said = stopped(|_, seen| seen.quotas = quota("requests.cpu", "5", "2500m"));
    assert_eq!(said, "ResourceQuota team: it has 2500m of requests.cpu left, and a switch needs 3 more");
    assert_eq!(found(|_, seen| seen.quotas = quota("requests.cpu", "6", "3")), []);
}

#[test]
fn what_gates_ask_must_be_there() {
    let findings = found(|object, _| {
        object.spec.gates.before = all(json!([
            {"name": "smoke", "http": {"port": "probe", "path": "/"}},
            {"name": "migration", "job": {"fromCronJob": "migrate"}},
        ]));
        object.spec.workloads.truncate(1);
    });
    let expected = ["Deployment ordering-blue", "Deployment ordering-green", "CronJob migrate"]
        .map(|about| (Level::Stops, about));
    assert_eq!(about(&findings), expected);
}

#[test]
fn what_could_be_better_is_told_after_what_is_in_the_way() {
    let findings = found(|object, seen| {
        object.spec.drain.port = None;
        let pod = seen.deployments[1].spec.as_mut().unwrap().template.spec.as_mut().unwrap();
        pod.containers[0].readiness_probe = None;
        seen.services.remove(0);
    });
    in_readme(&plain(&draw("shop", &findings, 100)));
}

#[test]
fn rights_that_are_missing_are_told_with_what_they_are_for() {
    let denied: Vec<_> = of_operator().filter(|right| right.resource == "horizontalpodautoscalers").collect();
    let findings = missing("you", Level::Stops, &denied);
    assert_eq!(findings.len(), 1);
    assert_eq!(
        findings[0].what,
        "may not get, list, watch, patch on horizontalpodautoscalers (autoscaling), which it takes to keep a side at its size"
    );
    let right = of_operator().find(|right| right.resource == "bluegreens/status").unwrap();
    let asked = right.attributes("shop");
    assert_eq!(
        (asked.resource.as_deref(), asked.subresource.as_deref()),
        (Some("bluegreens"), Some("status"))
    );
    assert!(of_user().all(|right| right.verb != "create"), "the plugin creates nothing but questions");
}

#[test]
fn the_rights_that_are_asked_for_are_those_of_the_charts_role() {
    let role = include_str!("../../../../charts/operator/templates/rbac.yaml");
    let role = role.split("\n---\n").next().unwrap();
    let rules = role.lines().filter_map(|line| line.strip_prefix("  - {")).map(|rule| {
        let rule: serde_json::Value = serde_saphyr::from_str(&format!("{{{rule}")).unwrap();
        let texts = |field: &str| all::<String>(rule[field].clone());
        (texts("apiGroups"), texts("resources"), texts("verbs"))
    });
    let mut granted: Vec<_> = rules
        .flat_map(|(groups, resources, verbs)| {
            verbs.into_iter().map(move |verb| (groups[0].clone(), resources[0].clone(), verb))
        })
        // Only for an operator that reaches pods through the API server.
        .filter(|(_, resource, _)| resource != "pods/proxy")
        .collect();
    let asked =
        of_operator().map(|right| (right.group.to_owned(), right.resource.to_owned(), right.verb.to_owned()));
    let mut asked: Vec<_> = asked.collect();
    granted.sort();
    asked.sort();
    assert_eq!(asked, granted);
}
