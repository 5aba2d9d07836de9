//! Something happens while a switchover is in a phase: one that a seed draws, or with `PHASES=all` each of them.

use e2e_cluster::{GENTLE, Release, Shape, Stage, switch};
use rollout::{Colour, Phase, Reason};
use serde_json::json;

use crate::{
    scenario::{Outcome, say},
    seed,
};

/// The phases of a switchover that goes well.
const PHASES: [Phase; 5] =
    [Phase::Preparing, Phase::Gating, Phase::Switching, Phase::Verifying, Phase::Draining];

pub(crate) async fn a_wish_that_goes_back_by_seed_leaves_the_old_side_serving(stage: &Stage) -> Outcome {
    for phase in drawn("abort") {
        let shop = stage.release(waiting("abort", phase)).await?;
        let traffic = stage.load(&[&shop], GENTLE).await?;
        bring(&shop, phase).await?;
        switch(&shop, &traffic, Colour::Blue).await?;
        traffic.verdict().await?.nothing_is_lost()?;
    }
    Ok(())
}

pub(crate) async fn a_pause_by_seed_loses_nothing_and_the_release_goes_on_after_it(stage: &Stage) -> Outcome {
    for phase in drawn("pause") {
        let shop = stage.release(waiting("pause", phase)).await?;
        let traffic = stage.load(&[&shop], GENTLE).await?;
        bring(&shop, phase).await?;
        shop.change(json!({"spec": {"paused": true}})).await?;
        traffic.goes_on(100).await?;
        shop.change(json!({"spec": {"paused": false}})).await?;
        finish(&shop, phase).await?;
        shop.settles(Colour::Green).await?;
        traffic.verdict().await?.nothing_is_lost()?;
    }
    Ok(())
}

pub(crate) async fn an_autoscaler_that_changes_by_seed_loses_nothing(stage: &Stage) -> Outcome {
    for phase in drawn("autoscaler") {
        let shop = stage.release(waiting("scaled", phase)).await?;
        for colour in Colour::BOTH {
            stage.put(&["apply"], &[autoscaler(&shop, colour, 2, 6)]).await?;
        }
        let traffic = stage.load(&[&shop], GENTLE).await?;
        bring(&shop, phase).await?;
        for colour in Colour::BOTH {
            stage.put(&["apply"], &[autoscaler(&shop, colour, 3, 5)]).await?;
        }
        finish(&shop, phase).await?;
        shop.settles(Colour::Green).await?;
        traffic.verdict().await?.nothing_is_lost()?;
    }
    Ok(())
}

pub(crate) async fn an_autoscaler_that_is_too_small_is_waited_for(stage: &Stage) -> Outcome {
    let shop = stage.release(Shape::new("shop")).await?;
    let traffic = stage.load(&[&shop], GENTLE).await?;
    stage.put(&["apply"], &[autoscaler(&shop, Colour::Green, 1, 1)]).await?;
    shop.wish(Colour::Green).await?;
    shop.says(Reason::AutoscalerTooSmall).await?;
    stage.put(&["apply"], &[autoscaler(&shop, Colour::Green, 1, 4)]).await?;
    shop.settles(Colour::Green).await?;
    traffic.verdict().await?.nothing_is_lost()
}

fn drawn(what: &str) -> Vec<Phase> {
    if std::env::var("PHASES").is_ok_and(|phases| phases == "all") {
        return PHASES.to_vec();
    }
    let phase = PHASES[seed::draw(what, PHASES.len())];
    say(&format!("{what}: SEED={} draws {phase}", seed::seed()));
    vec![phase]
}

/// A release that waits for a person before the switch and after it. So each of several has a name of its own.
fn waiting(what: &str, phase: Phase) -> Shape {
    let gates = json!({
        "before": [{"name": "sign-off", "approval": {}}],
        "after": [{"name": "look", "approval": {}}],
    });
    let name = format!("{what}-{phase}").to_lowercase();
    Shape::new(&name).spec(json!({"gates": gates}))
}

/// Wishes for green and comes to this phase; `Switching` takes milliseconds, so that it may be just over.
async fn bring(shop: &Release, phase: Phase) -> Outcome {
    shop.wish(Colour::Green).await?;
    if phase == Phase::Preparing {
        return shop.reaches(phase).await.map(drop);
    }
    shop.says(Reason::ApprovalMissing).await?;
    if phase == Phase::Gating {
        return Ok(());
    }
    shop.approve("sign-off").await?;
    if phase == Phase::Switching {
        return shop.comes_to(&[Phase::Switching, Phase::Verifying]).await.map(drop);
    }
    shop.reaches(Phase::Verifying).await?;
    if phase == Phase::Draining {
        shop.approve("look").await?;
        shop.reaches(phase).await?;
    }
    Ok(())
}

/// Gives the approvals that are still missing.
async fn finish(shop: &Release, from: Phase) -> Outcome {
    if from < Phase::Switching {
        shop.reaches(Phase::Gating).await?;
        shop.says(Reason::ApprovalMissing).await?;
        shop.approve("sign-off").await?;
    }
    if from < Phase::Draining {
        shop.reaches(Phase::Verifying).await?;
        shop.approve("look").await?;
    }
    Ok(())
}

fn autoscaler(shop: &Release, colour: Colour, least: u32, most: u32) -> serde_json::Value {
    let deployment = shop.deployment(colour);
    json!({
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": deployment},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": deployment},
            "minReplicas": least,
            "maxReplicas": most,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}],
        },
    })
}
