//! What must pass before a switch and after it.

use e2e_cluster::{Shape, Stage};
use rollout::{Colour, Phase, Reason};
use serde_json::{Value, json};

use crate::{
    breaks::{serves, under_load},
    scenario::Outcome,
};

/// A gate that no pod of the demo passes.
fn failing() -> Value {
    json!({"name": "smoke", "http": {"port": "admin", "path": "/readyz", "expect": 418, "attempts": 2, "interval": "200ms", "timeout": "2s"}})
}

/// One that never has an answer.
fn silent() -> Value {
    json!({"name": "silent", "breakers": {"port": "9", "for": "1s"}})
}

pub(crate) async fn a_gate_that_fails_before_the_switch_keeps_the_traffic_where_it_is(
    stage: &Stage,
) -> Outcome {
    let shape = Shape::new("shop").spec(json!({"gates": {"before": [failing()]}}));
    let (shop, traffic) = under_load(stage, shape).await?;
    let since = traffic.now().await?;
    shop.wish(Colour::Green).await?;
    serves(&shop.is_held(Reason::GateFailed).await?, Colour::Blue)?;
    traffic.served("shop", Colour::Blue, since..traffic.now().await?);
    traffic.verdict().await?.nothing_is_lost()
}

pub(crate) async fn a_gate_that_fails_after_the_switch_gives_the_traffic_back(stage: &Stage) -> Outcome {
    let shape = Shape::new("shop").spec(json!({"gates": {"after": [failing()]}}));
    let (shop, traffic) = under_load(stage, shape).await?;
    shop.wish(Colour::Green).await?;
    serves(&shop.is_held(Reason::GateFailed).await?, Colour::Blue)?;
    let since = traffic.now().await?;
    traffic.goes_on(100).await?;
    traffic.served("shop", Colour::Blue, since..traffic.now().await?);
    traffic.verdict().await?.nothing_is_lost()
}

pub(crate) async fn a_gate_that_fails_after_the_switch_can_hold_it_where_it_stands(stage: &Stage) -> Outcome {
    let spec = json!({"gates": {"after": [failing()]}, "onFailure": "hold"});
    let (shop, traffic) = under_load(stage, Shape::new("shop").spec(spec)).await?;
    shop.wish(Colour::Green).await?;
    serves(&shop.is_held(Reason::GateFailed).await?, Colour::Green)?;
    traffic.goes_on(100).await?;
    traffic.verdict().await?.nothing_is_lost()
}

pub(crate) async fn a_deadline_that_passes_before_the_switch_keeps_the_traffic_where_it_is(
    stage: &Stage,
) -> Outcome {
    let spec = json!({"gates": {"before": [silent()]}, "progressDeadline": "15s"});
    let (shop, traffic) = under_load(stage, Shape::new("shop").spec(spec)).await?;
    shop.wish(Colour::Green).await?;
    serves(&shop.is_held(Reason::DeadlineExceeded).await?, Colour::Blue)?;
    traffic.verdict().await?.nothing_is_lost()
}

pub(crate) async fn a_deadline_that_passes_after_the_switch_gives_the_traffic_back(stage: &Stage) -> Outcome {
    let spec = json!({"gates": {"after": [silent()]}, "progressDeadline": "15s"});
    let (shop, traffic) = under_load(stage, Shape::new("shop").spec(spec)).await?;
    shop.wish(Colour::Green).await?;
    shop.reaches(Phase::Verifying).await?;
    serves(&shop.is_held(Reason::DeadlineExceeded).await?, Colour::Blue)?;
    traffic.goes_on(100).await?;
    traffic.verdict().await?.nothing_is_lost()
}

pub(crate) async fn an_approval_for_another_release_is_none(stage: &Stage) -> Outcome {
    let spec = json!({"gates": {"before": [{"name": "sign-off", "approval": {}}]}});
    let (shop, traffic) = under_load(stage, Shape::new("shop").spec(spec)).await?;
    shop.change(json!({"metadata": {"annotations": {"approve.switchyard.dev/sign-off": "yesterday"}}}))
        .await?;
    shop.wish(Colour::Green).await?;
    serves(&shop.says(Reason::ApprovalMissing).await?, Colour::Blue)?;
    shop.approve("sign-off").await?;
    shop.settles(Colour::Green).await?;
    traffic.verdict().await?.nothing_is_lost()
}
