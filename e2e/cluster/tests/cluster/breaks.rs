//! Sides that do not work, before the switch and after it.

use e2e_cluster::{GENTLE, Observer, Release, Shape, Sight, Stage, Traffic, switch};
use load::Request;
use rollout::{Active, Colour, Phase, Reason};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::scenario::{Outcome, say};

pub(crate) async fn new_pods_that_never_get_ready_get_no_traffic(stage: &Stage) -> Outcome {
    let shape = Shape::new("shop").faults(Colour::Green, json!({"unready": true}));
    let shop = stage.release(shape.spec(json!({"progressDeadline": "15s"}))).await?;
    let traffic = stage.load(&[&shop], GENTLE).await?;
    let since = traffic.now().await?;
    shop.wish(Colour::Green).await?;
    let held = shop.is_held(Reason::DeadlineExceeded).await?;
    serves(&held, Colour::Blue)?;
    traffic.served("shop", Colour::Blue, since..traffic.now().await?);
    traffic.verdict().await?.nothing_is_lost()
}

pub(crate) async fn pods_that_lose_readiness_after_the_switch_give_the_traffic_back_at_once(
    stage: &Stage,
) -> Outcome {
    breaks_after_the_switch(stage, &json!({"unready": true})).await
}

pub(crate) async fn pods_that_crash_after_the_switch_give_the_traffic_back_at_once(stage: &Stage) -> Outcome {
    breaks_after_the_switch(stage, &json!({"crash_after_seconds": 0})).await
}

/// The selector is back a moment after the slices show that something is wrong, and what begins two seconds later is well.
async fn breaks_after_the_switch(stage: &Stage, faults: &Value) -> Outcome {
    let shop = stage.release(Shape::new("shop").spec(json!({"drain": {"min": "20s", "max": "30s"}}))).await?;
    let traffic = stage.load(&[&shop], GENTLE).await?;
    let observer = Observer::begin(stage);
    shop.wish(Colour::Green).await?;
    shop.reaches(Phase::Draining).await?;
    let (broken, breaking) = (Instant::now(), traffic.now().await?);
    shop.trouble(Colour::Green, faults).await?;
    let shown = observer.first("an endpoint less", broken, fewer_green).await?;
    let back = observer.first("the selector is back", broken, selects_blue).await?;
    let (asked, now) = (Instant::now(), traffic.now().await?);
    let written = now.saturating_sub(micros(asked.duration_since(back) + asked.elapsed()));
    let held = shop.is_held(Reason::Broken).await?;
    serves(&held, Colour::Blue)?;
    traffic.goes_on(200).await?;
    let verdict = traffic.verdict().await?;
    let during: Vec<&Request> = verdict
        .requests
        .iter()
        .filter(|request| request.start >= breaking && request.start < written + 2_000_000)
        .collect();
    let failed = during.iter().filter(|request| request.failure.is_some()).count();
    say(&format!(
        "{faults}: selector back {} ms after the slices showed it (goal: 100); {failed} of {} requests failed from the fault until 2 s \
         after that (Argo Rollouts 1.10.1: 7353 of 8499, and no way back)",
        back.saturating_duration_since(shown).as_millis(),
        during.len(),
    ));
    verdict.nothing_fails_from(written + 2_000_000)?;
    if verdict.failed().any(|request| request.end < breaking) {
        return Err("a request failed before anything was broken".into());
    }
    Ok(())
}

pub(crate) async fn of_two_broken_sides_the_first_that_recovers_gets_the_traffic(stage: &Stage) -> Outcome {
    let shop = stage.release(Shape::new("shop").spec(json!({"drain": {"min": "30s", "max": "40s"}}))).await?;
    let traffic = stage.load(&[&shop], GENTLE).await?;
    shop.wish(Colour::Green).await?;
    shop.reaches(Phase::Draining).await?;
    shop.trouble(Colour::Blue, &json!({"unready": true})).await?;
    shop.is_unready(Colour::Blue).await?;
    shop.trouble(Colour::Green, &json!({"unready": true})).await?;
    shop.is_held(Reason::BothSidesUnready).await?;
    shop.trouble(Colour::Blue, &json!({})).await?;
    shop.serves_with_endpoints(Colour::Blue).await?;
    traffic.goes_on(100).await?; // what is under way meanwhile may still fail
    let recovered = traffic.now().await?;
    traffic.goes_on(200).await?;
    traffic.verdict().await?.nothing_fails_from(recovered)
}

pub(crate) async fn bad_and_good_releases_follow_each_other_as_they_may(stage: &Stage) -> Outcome {
    let shop = stage.release(Shape::new("shop").spec(json!({"progressDeadline": "15s"}))).await?;
    let traffic = stage.load(&[&shop], GENTLE).await?;
    for version in ["2", "3"] {
        shop.image(Colour::Green, version, json!({"unready": true})).await?;
        shop.wish(Colour::Green).await?;
        shop.reaches(Phase::Preparing).await?;
        serves(&shop.is_held(Reason::DeadlineExceeded).await?, Colour::Blue)?;
    }
    shop.image(Colour::Green, "4", json!({})).await?;
    shop.settles(Colour::Green).await?;
    shop.image(Colour::Blue, "5", json!({"unready": true})).await?;
    shop.wish(Colour::Blue).await?;
    serves(&shop.is_held(Reason::DeadlineExceeded).await?, Colour::Green)?;
    switch(&shop, &traffic, Colour::Green).await?;
    traffic.verdict().await?.nothing_is_lost()
}

pub(crate) async fn an_image_that_changes_in_the_middle_is_gone_back_from_and_released_anew(
    stage: &Stage,
) -> Outcome {
    let gates = json!({"after": [{"name": "look", "approval": {}}]});
    let shop = stage.release(Shape::new("shop").spec(json!({"gates": gates}))).await?;
    let traffic = stage.load(&[&shop], GENTLE).await?;
    shop.wish(Colour::Green).await?;
    let first = shop.reaches(Phase::Verifying).await?.status.and_then(|status| status.release);
    shop.image(Colour::Green, "2", json!({})).await?;
    let anew = |release: &rollout::BlueGreen| {
        let status = release.status.as_ref();
        status.is_some_and(|status| status.phase == Phase::Verifying && status.release != first)
    };
    shop.until("verified anew", std::time::Duration::from_secs(120), anew).await?;
    shop.approve("look").await?;
    shop.settles(Colour::Green).await?;
    let since = traffic.now().await?;
    traffic.goes_on(100).await?;
    let verdict = traffic.verdict().await?;
    verdict.nothing_is_lost()?;
    match verdict
        .requests
        .iter()
        .find(|request| request.opened >= since && request.version.as_deref() != Some("green-2"))
    {
        None => Ok(()),
        Some(request) => Err(format!("not the new image: {request:?}").into()),
    }
}

pub(crate) fn serves(release: &rollout::BlueGreen, colour: Colour) -> Outcome {
    match release.status.as_ref().and_then(|status| status.active) {
        Some(active) if active == Active::from(colour) => Ok(()),
        other => Err(format!("{other:?} serves, and not {colour}").into()),
    }
}

fn fewer_green(sight: &Sight) -> bool {
    matches!(sight, Sight::Endpoints { ready: [0, green], .. } if *green < 2)
}

fn selects_blue(sight: &Sight) -> bool {
    matches!(sight, Sight::Selects { colour: Some(Colour::Blue), .. })
}

fn micros(length: std::time::Duration) -> u64 {
    u64::try_from(length.as_micros()).unwrap_or(u64::MAX)
}

/// A release whose load is begun.
pub(crate) async fn under_load(
    stage: &Stage,
    shape: Shape,
) -> Result<(Release, Traffic), e2e_cluster::Failure> {
    let release = stage.release(shape).await?;
    let traffic = stage.load(&[&release], GENTLE).await?;
    Ok((release, traffic))
}
