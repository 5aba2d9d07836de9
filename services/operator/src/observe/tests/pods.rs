use super::*;

/// What each pod of green lacks.
fn unfit(cluster: &Cluster) -> Vec<Option<String>> {
    cluster.side(Colour::Green).pods.into_iter().map(|pod| pod.unfit).collect()
}

fn says(words: &str) -> Vec<Option<String>> {
    vec![Some(words.to_owned()); 2]
}

#[tokio::test(start_paused = true)]
async fn a_pod_fits_that_has_the_whole_selector_with_the_colour_replaced_and_every_named_port() {
    let cluster = cluster();
    assert_eq!(unfit(&cluster), [None, None]);
    cluster.edit(&Resource::SERVICES, "shop", |service| service["spec"]["selector"]["tier"] = "web".into());
    assert_eq!(unfit(&cluster), says("Service shop selects tier=web"));
}

#[tokio::test(start_paused = true)]
async fn a_port_that_is_sought_by_name_must_be_declared_and_one_by_number_need_not() {
    let cluster = cluster();
    let port = |name: Value| move |service: &mut Value| service["spec"]["ports"][0]["targetPort"] = name;
    cluster.edit(&Resource::SERVICES, "shop", port("grpc".into()));
    assert_eq!(unfit(&cluster), says("Service shop leads to the port grpc"));
    cluster.edit(&Resource::SERVICES, "shop", port(9_000.into()));
    assert_eq!(unfit(&cluster), [None, None]);
}

#[tokio::test(start_paused = true)]
async fn a_pod_must_be_shown_by_the_preview() {
    let cluster = cluster();
    cluster.make(service("shop-preview", "blue"));
    cluster.edit(&blue_greens(), "shop", |object| {
        object["spec"]["workloads"][0]["preview"] = json!({"service": "shop-preview"});
    });
    assert_eq!(unfit(&cluster), says("the preview shop-preview does not show it"));
    cluster.edit(&Resource::SERVICES, "shop-preview", |service| {
        service["spec"]["selector"][COLOUR] = "green".into();
    });
    assert_eq!(unfit(&cluster), [None, None]);
}

#[tokio::test(start_paused = true)]
async fn a_pod_of_the_side_that_serves_need_not_be_shown_by_the_preview() {
    let cluster = cluster();
    cluster.make(service("shop-preview", "blue"));
    cluster.edit(&blue_greens(), "shop", |object| {
        object["spec"]["workloads"][0]["preview"] = json!({"service": "shop-preview"});
    });
    cluster.edit(&Resource::SERVICES, "shop", |service| service["spec"]["selector"][COLOUR] = "green".into());
    assert_eq!(unfit(&cluster), [None, None]);
}

#[tokio::test(start_paused = true)]
async fn a_pod_is_available_when_it_was_ready_for_long_enough_and_until_then_it_is_known_when() {
    let cluster = cluster();
    cluster
        .edit(&Resource::DEPLOYMENTS, "shop-green", |object| object["spec"]["minReadySeconds"] = 10.into());
    let at = |second| {
        cluster.look_into(&cluster.caches(), second, |world| {
            let View { seen, wake } = world.view();
            let green = seen.workloads["shop"].green.clone().unwrap();
            (green.pods.iter().all(|pod| pod.available), wake)
        })
    };
    assert_eq!(at(9), (false, Some(Time::from_millis(10_000))));
    assert_eq!(at(10), (true, None));
}

#[tokio::test(start_paused = true)]
async fn a_pod_of_another_template_is_not_current() {
    let cluster = cluster();
    let caches = cluster.caches();
    cluster.edit(&Resource::DEPLOYMENTS, "shop-green", |object| {
        object["spec"]["template"]["spec"]["containers"][0]["image"] = "shop:2".into();
    });
    let current = |caches: &Caches| {
        cluster.look_into(caches, 0, |world| {
            let green = world.view().seen.workloads["shop"].green.clone().unwrap();
            green.pods.iter().map(|pod| pod.current).collect::<Vec<_>>()
        })
    };
    assert_eq!(current(&cluster.caches()), [true, true]);
    let deployment = cluster.server.get(&Resource::DEPLOYMENTS, NAMESPACE, "shop-green").unwrap();
    caches.deployments.take(serde_json::from_value(Value::clone(&deployment)).unwrap());
    assert_eq!(current(&caches), [false, false], "its pods are those of before yet");
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_has_ended_is_none_and_one_that_is_being_deleted_does_not_serve() {
    let cluster = cluster();
    let names = cluster.pods("green");
    cluster
        .server
        .set_status("test", &Resource::PODS, NAMESPACE, &names[0], |pod| {
            pod["status"]["phase"] = "Failed".into();
        })
        .unwrap();
    cluster.server.delete("test", &Resource::PODS, NAMESPACE, &names[1]).unwrap();
    let pods = cluster.side(Colour::Green).pods;
    assert_eq!(pods.iter().map(|pod| &pod.name).collect::<Vec<_>>(), [&names[1]]);
    assert!(pods[0].deleting && !pods[0].serves());
}

#[tokio::test(start_paused = true)]
async fn those_are_asked_that_are_ready_current_and_stay_and_those_drained_that_have_not_ended() {
    let cluster = cluster();
    let names = cluster.pods("blue");
    cluster.server.delete("test", &Resource::PODS, NAMESPACE, &names[0]).unwrap();
    let told = |pods: Vec<crate::pods::Pod>| pods.into_iter().map(|pod| pod.name).collect::<Vec<_>>();
    let (ready, all) = cluster.look(|world| (world.ready(Colour::Blue), world.everybody(Colour::Blue)));
    let pod = ready[0].clone();
    assert_eq!(told(ready), [names[1].as_str()]);
    assert_eq!(told(all), names);
    assert!(pod.ip.is_some());
    assert_eq!(pod.ports, [("admin".to_owned(), 8081), ("http".to_owned(), 8080)].into());
}
