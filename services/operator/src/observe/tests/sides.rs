use rollout::observed::DeploymentObstacle;

use super::*;

fn scaler(cluster: &Cluster, metadata: Value, min: Option<i64>) {
    let mut object = json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": metadata,
        "spec": {"maxReplicas": 9, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop-green"}},
    });
    object["metadata"]["name"] = "scaler".into();
    object["metadata"]["namespace"] = NAMESPACE.into();
    if let Some(min) = min {
        object["spec"]["minReplicas"] = min.into();
    }
    cluster.make(object);
}

#[tokio::test(start_paused = true)]
async fn a_side_is_what_its_deployment_says() {
    let cluster = cluster();
    cluster.edit(&Resource::DEPLOYMENTS, "shop-green", |object| {
        object["spec"]["replicas"] = 5.into();
        object["metadata"]["annotations"] = json!({"switchyard.dev/seal": "4"});
        object["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/version"] = "2".into();
    });
    let side = cluster.side(Colour::Green);
    assert_eq!((side.replicas, side.seal, side.settled, side.max_unavailable), (5, 4, true, 1));
    assert_eq!((side.app.as_deref(), side.images), (Some("2"), vec!["shop:1".to_owned()]));
    assert_eq!(side.pods.len(), 5);
    cluster.edit(&Resource::DEPLOYMENTS, "shop-green", |object| {
        object["metadata"]["annotations"]["switchyard.dev/seal"] = "many".into();
    });
    assert_eq!(cluster.side(Colour::Green).seal, 0, "a seal that cannot be read is none");
}

#[tokio::test(start_paused = true)]
async fn a_deployment_whose_generation_was_not_seen_yet_is_not_settled() {
    let cluster = cluster();
    let change = |object: &mut Value| object["spec"]["replicas"] = 3.into();
    cluster.server.edit("test", &Resource::DEPLOYMENTS, NAMESPACE, "shop-green", change).unwrap();
    assert!(!cluster.side(Colour::Green).settled);
    cluster.controllers.settle();
    assert!(cluster.side(Colour::Green).settled);
}

#[tokio::test(start_paused = true)]
async fn every_service_that_selects_a_side_s_pods_refers_to_it() {
    let cluster = cluster();
    cluster.make(service("another", "green"));
    cluster.make(json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "both", "namespace": NAMESPACE},
        "spec": {"selector": {"app": "shop"}, "ports": [{"port": 80}]},
    }));
    assert_eq!(cluster.side(Colour::Blue).references, ["both", "shop"]);
    assert_eq!(cluster.side(Colour::Green).references, ["another", "both"]);
}

#[tokio::test(start_paused = true)]
async fn neither_its_preview_nor_what_is_to_be_ignored_nor_what_selects_nothing_refers_to_a_side() {
    let cluster = cluster();
    let mut ignored = service("ignored", "green");
    ignored["metadata"]["annotations"] = json!({"switchyard.dev/ignore": "true"});
    let mut nothing = service("nothing", "green");
    nothing["spec"]["selector"] = json!({});
    for service in [ignored, nothing, service("preview", "green")] {
        cluster.make(service);
    }
    assert_eq!(cluster.side(Colour::Green).references, ["preview"]);
    cluster.edit(&blue_greens(), "shop", |object| {
        object["spec"]["workloads"][0]["preview"] = json!({"service": "preview"});
    });
    assert_eq!(cluster.side(Colour::Green).references, [""; 0]);
    cluster.edit(&Resource::SERVICES, "ignored", |service| {
        service["metadata"]["annotations"]["switchyard.dev/ignore"] = "yes".into();
    });
    assert_eq!(cluster.side(Colour::Green).references, ["ignored"], "only one word is consent");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_selects_pods_of_an_older_template_refers_to_the_side_as_well() {
    let cluster = cluster();
    cluster.make(json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "old", "namespace": NAMESPACE},
        "spec": {"selector": {"app": "shop", "release": "1"}, "ports": [{"port": 80}]},
    }));
    let name = cluster.pods("green")[0].clone();
    assert_eq!(cluster.side(Colour::Green).references, [""; 0]);
    cluster.edit(&Resource::PODS, &name, |pod| pod["metadata"]["labels"]["release"] = "1".into());
    assert_eq!(cluster.side(Colour::Green).references, ["old"]);
}

#[tokio::test(start_paused = true)]
async fn an_autoscaler_is_told_with_its_own_minimum() {
    let cluster = cluster();
    assert!(cluster.side(Colour::Green).autoscaler.is_none());
    scaler(&cluster, json!({"annotations": {"switchyard.dev/min-replicas": "3"}}), Some(5));
    let scaler = cluster.side(Colour::Green).autoscaler.unwrap();
    assert_eq!((scaler.min, scaler.max, scaler.former, scaler.own_min()), (5, 9, Some(3), 3));
    assert!(cluster.side(Colour::Blue).autoscaler.is_none());
    for (raised, own) in [("5", 3), ("4", 5)] {
        cluster.edit(&Resource::AUTOSCALERS, "scaler", |object| {
            object["metadata"]["annotations"]["switchyard.dev/raised-replicas"] = raised.into();
        });
        assert_eq!(cluster.side(Colour::Green).autoscaler.unwrap().own_min(), own, "raised to {raised}");
    }
    cluster.edit(&Resource::AUTOSCALERS, "scaler", |object| {
        object["metadata"]["annotations"]["switchyard.dev/min-replicas"] = "x".into();
    });
    assert_eq!(cluster.side(Colour::Green).autoscaler.unwrap().own_min(), 5);
}

#[tokio::test(start_paused = true)]
async fn what_keda_scales_is_left_to_it() {
    for metadata in [
        json!({"labels": {"scaledobject.keda.sh/name": "k"}}),
        json!({"ownerReferences": [{"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "name": "k", "uid": "u"}]}),
    ] {
        let cluster = cluster();
        scaler(&cluster, metadata, None);
        assert_eq!(cluster.side(Colour::Green).obstacle, Some(DeploymentObstacle::Keda("k".to_owned())));
        assert_eq!(cluster.side(Colour::Blue).obstacle, None);
    }
}

#[tokio::test(start_paused = true)]
async fn deployments_that_take_each_other_s_pods_are_an_obstacle_to_both() {
    let cluster = cluster();
    let mut all = deployment("all", "red");
    all["spec"]["selector"]["matchLabels"] = json!({"app": "shop"});
    cluster.make(all);
    let overlaps = Some(DeploymentObstacle::Overlaps("all".to_owned()));
    assert_eq!(cluster.side(Colour::Blue).obstacle, overlaps);
    assert_eq!(cluster.side(Colour::Green).obstacle, overlaps);
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_an_older_one_names_is_that_one_s() {
    let cluster = cluster();
    cluster.make(blue_green("younger"));
    assert_eq!(cluster.side(Colour::Blue).obstacle, None);
    let caches = cluster.caches();
    let declared = caches.declared.get(NAMESPACE, "younger").unwrap();
    let index = Index::default();
    for object in cluster.server.all(&blue_greens()) {
        let one: Declared = serde_json::from_value(Value::clone(&object)).unwrap();
        index.update(&crate::cache::Changed { before: None, after: Some(one.into()) });
    }
    let world = World {
        caches: &caches,
        index: &index,
        memory: &cluster.memory,
        color_label: COLOUR,
        namespace: NAMESPACE,
        declared: &declared,
        drained: &|_| false,
        gates: &BTreeMap::new(),
        now: Time::default(),
    };
    let blue = world.view().seen.workloads["shop"].blue.clone().unwrap();
    assert_eq!(blue.obstacle, Some(DeploymentObstacle::OwnedBy("shop".to_owned())));
}
