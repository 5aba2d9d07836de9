//! Other hands on what the operator works with.

use e2e_cluster::{Failure, GENTLE, Release, Shape, Stage, switch};
use k8s_openapi::api::core::v1::Service;
use rollout::{Colour, Phase, Reason};
use serde_json::{Value, json};

use crate::{
    breaks::{serves, under_load},
    scenario::Outcome,
};

pub(crate) async fn a_selector_that_is_applied_by_somebody_else_is_held_and_not_fought(
    stage: &Stage,
) -> Outcome {
    let (shop, traffic) = under_load(stage, Shape::new("shop")).await?;
    switch(&shop, &traffic, Colour::Green).await?;
    stage.put(&["apply"], &[with_selector(&shop, json!({"switchyard.dev/color": "blue"}))?]).await?;
    let held = shop.is_held(Reason::ForeignChange).await?;
    let message = held.status.map(|status| status.message).unwrap_or_default();
    if !message.contains("kubectl") {
        return Err(format!("it names nobody: {message}").into());
    }
    stage.put(&["apply"], &[with_selector(&shop, json!({"switchyard.dev/color": "green"}))?]).await?;
    shop.settles(Colour::Green).await?;
    traffic.verdict().await?.nothing_is_lost()
}

pub(crate) async fn a_selector_that_server_side_apply_takes_away_is_held_and_loses_nothing(
    stage: &Stage,
) -> Outcome {
    let (shop, traffic) = under_load(stage, Shape::new("shop")).await?;
    switch(&shop, &traffic, Colour::Green).await?;
    let mine = with_selector(&shop, json!({}))?;
    stage.put(&["apply", "--server-side", "--force-conflicts"], &[mine]).await?;
    shop.is_held(Reason::ForeignChange).await?;
    traffic.goes_on(100).await?;
    traffic.verdict().await?.nothing_is_lost()
}

pub(crate) async fn manifests_that_are_applied_again_as_they_are_change_nothing(stage: &Stage) -> Outcome {
    let (shop, traffic) = under_load(stage, Shape::new("shop")).await?;
    switch(&shop, &traffic, Colour::Green).await?;
    stage.put(&["apply"], &shop.shape().manifests()).await?;
    let since = traffic.now().await?;
    traffic.goes_on(200).await?;
    traffic.served("shop", Colour::Green, since..traffic.now().await?);
    serves(&shop.settles(Colour::Green).await?, Colour::Green)?;
    traffic.verdict().await?.nothing_is_lost()
}

pub(crate) async fn a_service_that_is_deleted_is_missed_and_taken_again(stage: &Stage) -> Outcome {
    let shop = stage.release(Shape::new("shop")).await?;
    stage.kubectl(&["delete", "service", "shop"]).await?;
    shop.is_held(Reason::ServiceMissing).await?;
    stage.put(&["apply"], &[with_selector(&shop, json!({"switchyard.dev/color": "blue"}))?]).await?;
    let (since, traffic) = {
        shop.settles(Colour::Blue).await?;
        let traffic = stage.load(&[&shop], GENTLE).await?;
        (traffic.now().await?, traffic)
    };
    traffic.goes_on(50).await?;
    traffic.served("shop", Colour::Blue, since..traffic.now().await?);
    switch(&shop, &traffic, Colour::Green).await?;
    traffic.verdict().await?.nothing_is_lost()
}

pub(crate) async fn a_deployment_that_is_deleted_is_missed_and_the_other_side_serves_on(
    stage: &Stage,
) -> Outcome {
    let (shop, traffic) = under_load(stage, Shape::new("shop")).await?;
    switch(&shop, &traffic, Colour::Green).await?;
    stage.kubectl(&["delete", "deployment", "shop-blue"]).await?;
    serves(&shop.is_held(Reason::DeploymentMissing).await?, Colour::Green)?;
    stage.put(&["apply"], &shop.shape().manifests()).await?;
    shop.settles(Colour::Green).await?;
    switch(&shop, &traffic, Colour::Blue).await?;
    traffic.verdict().await?.nothing_is_lost()
}

pub(crate) async fn rights_that_are_taken_away_hold_it_and_it_goes_on_when_they_are_given_back(
    stage: &Stage,
) -> Outcome {
    let (shop, traffic) = under_load(stage, Shape::new("shop")).await?;
    shop.change_side(Colour::Green, json!({"spec": {"replicas": 2}})).await?;
    stage.forbid().await?;
    let since = traffic.now().await?;
    shop.wish(Colour::Green).await?;
    let held = shop.is_held(Reason::WriteRefused).await?;
    serves(&held, Colour::Blue)?;
    let message = held.status.map(|status| status.message).unwrap_or_default();
    if !message.contains("forbidden") {
        return Err(format!("it does not say which right is missing: {message}").into());
    }
    traffic.goes_on(200).await?;
    traffic.served("shop", Colour::Blue, since..traffic.now().await?);
    stage.allow().await?;
    shop.settles(Colour::Green).await?;
    traffic.verdict().await?.nothing_is_lost()
}

pub(crate) async fn of_two_objects_over_one_service_the_older_one_acts(stage: &Stage) -> Outcome {
    let (shop, traffic) = under_load(stage, Shape::new("shop")).await?;
    let mut second = shop.shape().blue_green();
    second["metadata"]["name"] = json!("second");
    second["spec"]["active"] = json!("green");
    stage.put(&["apply"], &[second]).await?;
    let second = stage.handle("second");
    second.is_held(Reason::OwnedByOther).await?;
    switch(&shop, &traffic, Colour::Green).await?;
    second.is_held(Reason::OwnedByOther).await?;
    traffic.verdict().await?.nothing_is_lost()
}

pub(crate) async fn of_three_workloads_none_switches_when_one_never_gets_ready(stage: &Stage) -> Outcome {
    let shape = Shape::new("shop").workloads(3).spec(json!({"progressDeadline": "20s"}));
    let (shop, traffic) = under_load(stage, shape).await?;
    shop.image(Colour::Green, "2", json!({"unready": true})).await?;
    let since = traffic.now().await?;
    shop.wish(Colour::Green).await?;
    serves(&shop.is_held(Reason::DeadlineExceeded).await?, Colour::Blue)?;
    let until = traffic.now().await?;
    for service in shop.shape().names() {
        traffic.served(&service, Colour::Blue, since..until);
    }
    traffic.verdict().await?.nothing_is_lost()
}

pub(crate) async fn of_three_workloads_the_others_go_back_when_a_service_is_deleted_in_the_middle(
    stage: &Stage,
) -> Outcome {
    let gates = json!({"after": [{"name": "look", "approval": {}}]});
    let shape = Shape::new("shop").workloads(3).spec(json!({"gates": gates}));
    let (shop, traffic) = under_load(stage, shape).await?;
    shop.wish(Colour::Green).await?;
    shop.reaches(Phase::Verifying).await?;
    stage.kubectl(&["delete", "service", "shop-3"]).await?;
    shop.is_held(Reason::ServiceMissing).await?;
    for service in ["shop-1", "shop-2"] {
        let colour = selected(stage, service).await?;
        if colour.as_deref() != Some("blue") {
            return Err(format!("`{service}` selects {colour:?}").into());
        }
    }
    let verdict = traffic.verdict().await?;
    match verdict.failed().find(|request| request.target != "shop-3") {
        None => Ok(()),
        Some(request) => Err(format!("a Service that is there lost {request:?}").into()),
    }
}

async fn selected(stage: &Stage, service: &str) -> Result<Option<String>, Failure> {
    let service = stage.api::<Service>().get(service).await?;
    let selector = service.spec.and_then(|spec| spec.selector).unwrap_or_default();
    Ok(selector.get("switchyard.dev/color").cloned())
}

/// The Service as somebody else would write it.
fn with_selector(shop: &Release, more: Value) -> Result<Value, Failure> {
    let manifests = shop.shape().manifests();
    let service = manifests.into_iter().find(|manifest| manifest["kind"] == "Service");
    let mut service = service.ok_or("there is no Service")?;
    if let (Some(selector), Value::Object(more)) = (service["spec"]["selector"].as_object_mut(), more) {
        selector.extend(more);
    }
    Ok(service)
}
