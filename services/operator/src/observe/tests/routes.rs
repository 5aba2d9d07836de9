use std::sync::Arc;

use rollout::observed::{Endpoint, Mark, Owner};

use super::*;
use crate::{
    observe::{RawMark, strangers},
    resources::{EndpointSlice, Service},
};

fn mark(cluster: &Cluster, mark: &str) {
    cluster.edit(&Resource::SERVICES, "shop", |service| {
        service["metadata"]["annotations"] = json!({"switchyard.dev/switch": mark});
    });
}

#[tokio::test(start_paused = true)]
async fn a_service_points_where_its_colour_says_and_nowhere_by_another_value() {
    let cluster = cluster();
    assert_eq!(cluster.route().points_at, Some(Colour::Blue));
    assert_eq!(cluster.route().manager, "test");
    for value in ["purple", "Blue", ""] {
        cluster
            .edit(&Resource::SERVICES, "shop", |service| service["spec"]["selector"][COLOUR] = value.into());
        assert_eq!(cluster.route().points_at, None, "{value}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_mark_is_read_whole_or_not_at_all() {
    let cluster = cluster();
    let uid = cluster.uid("shop");
    mark(&cluster, &format!("{uid}/green/7"));
    assert_eq!(cluster.route().mark, Some(Mark { owner: Owner::This, colour: Colour::Green, n: 7 }));
    for text in [
        "",
        "x",
        "/green/7",
        "x/purple/7",
        "x/green/",
        "x/green/-1",
        "x/green/7/8",
        "x/green/99999999999999999999",
    ] {
        mark(&cluster, text);
        assert_eq!(cluster.route().mark, None, "{text}");
    }
    let written = RawMark { uid, colour: Colour::Blue, n: 3 };
    mark(&cluster, &written.to_string());
    assert_eq!(
        cluster.look(|world| RawMark::of(&world.caches.services.get(NAMESPACE, "shop").unwrap())),
        Some(written)
    );
}

#[tokio::test(start_paused = true)]
async fn a_mark_of_another_makes_the_service_another_s_which_is_not_even_sealed() {
    let cluster = cluster();
    cluster.make(blue_green("younger"));
    mark(&cluster, &format!("{}/green/7", cluster.uid("younger")));
    let route = cluster.route();
    assert_eq!(route.mark.unwrap().owner, Owner::Other("younger".to_owned()));
    assert!(route.sealed);
}

#[tokio::test(start_paused = true)]
async fn a_uid_that_nobody_has_is_a_stranger_until_a_quorum_read_has_said_so() {
    let cluster = cluster();
    mark(&cluster, "gone/green/7");
    let unknown = |cluster: &Cluster| {
        cluster.look(|world| strangers(world.caches, world.memory, NAMESPACE, world.declared))
    };
    assert_eq!(unknown(&cluster), ["gone"]);
    assert_eq!(cluster.route().mark.unwrap().owner, Owner::Other("gone".to_owned()));
    cluster.memory.nobody.lock().unwrap().push("gone".to_owned());
    assert_eq!(unknown(&cluster), [""; 0]);
    let route = cluster.route();
    assert_eq!(route.mark.unwrap().owner, Owner::Nobody);
    assert!(!route.sealed);
}

#[tokio::test(start_paused = true)]
async fn of_two_that_name_a_service_the_older_has_it_unless_it_is_marked() {
    let cluster = cluster();
    // What was made at the same second is older by its uid.
    cluster.make(blue_green("younger"));
    assert_eq!(cluster.route().rival, None);
    let caches = cluster.caches();
    let mut older = Value::clone(&cluster.server.get(&blue_greens(), NAMESPACE, "younger").unwrap());
    older["metadata"]["creationTimestamp"] = "1969-01-01T00:00:00Z".into();
    older["metadata"]["resourceVersion"] = "1000".into();
    caches.declared.take(serde_json::from_value(older).unwrap());
    let route = |caches: &Caches| {
        cluster.look_into(caches, 0, |world| world.view().seen.workloads["shop"].routes["shop"].clone())
    };
    assert_eq!(route(&caches).rival, Some("younger".to_owned()));
    assert!(route(&caches).sealed, "what belongs to another is not even sealed");
    mark(&cluster, &format!("{}/blue/1", cluster.uid("shop")));
    cluster.fill(&caches.services, &Resource::SERVICES);
    assert!(!route(&caches).sealed);
}

#[tokio::test(start_paused = true)]
async fn what_the_leader_remembers_of_a_service_is_told() {
    let mut cluster = cluster();
    let object = Object::Service("shop".to_owned());
    cluster.memory.sealed = vec![object.clone()];
    cluster.memory.refused = Some((object, "no".to_owned()));
    let route = cluster.route();
    assert!(route.sealed);
    assert_eq!(route.refused.as_deref(), Some("no"));
    assert!(!cluster.side(Colour::Blue).sealed);
}

fn endpoint(pod: &str, colour: Option<Colour>, ready: bool) -> Endpoint {
    Endpoint { pod: pod.to_owned(), colour, ready }
}

#[tokio::test(start_paused = true)]
async fn the_endpoints_of_all_slices_are_one_evidence_by_pod() {
    let cluster = cluster();
    let names = cluster.pods("blue");
    let expected: Vec<_> = names.iter().map(|name| endpoint(name, Some(Colour::Blue), true)).collect();
    assert_eq!(cluster.route().evidence, expected);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_is_ready_that_has_every_port_in_whichever_slices() {
    let cluster = cluster();
    cluster.edit(&Resource::SERVICES, "shop", |service| {
        service["spec"]["selector"] = json!({"by": "hand"});
        service["spec"]["ports"] = json!([{"name": "http", "port": 80}, {"name": "admin", "port": 81}]);
    });
    let slice = |name: &str, ports: &[&str], endpoints: &[(&str, Option<bool>)]| {
        let ports: Vec<_> = ports.iter().map(|port| json!({"name": port, "port": 1})).collect();
        let endpoints = endpoints.iter().map(|(pod, ready)| {
            json!({"addresses": ["10.0.0.1"], "conditions": {"ready": ready}, "targetRef": {"kind": "Pod", "name": pod}})
        });
        cluster.make(json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4", "ports": ports,
            "metadata": {"name": name, "namespace": NAMESPACE, "labels": {"kubernetes.io/service-name": "shop"}},
            "endpoints": endpoints.collect::<Vec<_>>(),
        }));
    };
    slice("one", &["http"], &[("whole", Some(true)), ("half", Some(true)), ("not", Some(true))]);
    slice("two", &["admin"], &[("whole", None), ("not", Some(false))]);
    let expected = [("half", false), ("not", false), ("whole", true)];
    assert_eq!(cluster.route().evidence, expected.map(|(pod, ready)| endpoint(pod, None, ready)));
}

#[test]
fn the_endpoints_of_a_service_that_was_deleted_and_made_anew_are_no_evidence_for_the_new_one() {
    let service = |uid: &str| -> Service {
        serde_json::from_value(json!({
            "metadata": {"name": "shop", "uid": uid},
            "spec": {"ports": [{"name": "http", "port": 80}], "selector": {COLOUR: "blue"}},
        }))
        .unwrap()
    };
    let slice = |owners: Value| -> Arc<EndpointSlice> {
        serde_json::from_value(json!({
            "metadata": {"name": "shop-1", "ownerReferences": owners},
            "ports": [{"name": "http", "port": 8080}],
            "endpoints": [{"addresses": ["10.0.0.1"], "targetRef": {"kind": "Pod", "name": "a"}}],
        }))
        .map(Arc::new)
        .unwrap()
    };
    let owned = slice(
        json!([{"apiVersion": "v1", "kind": "Service", "name": "shop", "uid": "old", "controller": true}]),
    );
    let evidence = |uid, slice: &Arc<EndpointSlice>| {
        crate::observe::route::evidence(&service(uid), &[Arc::clone(slice)], &BTreeMap::new())
    };
    assert_eq!(evidence("old", &owned), [endpoint("a", None, true)]);
    assert_eq!(evidence("new", &owned), []);
    assert_eq!(evidence("new", &slice(json!([]))), [endpoint("a", None, true)], "made by hand");
}
