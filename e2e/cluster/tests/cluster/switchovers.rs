//! Healthy sides, switched again and again.

use e2e_cluster::{GENTLE, Shape, Stage, switch, switch_all, ten_releases};
use rollout::Colour;

use crate::scenario::{Outcome, say};

pub(crate) async fn a_release_that_is_promoted_and_undone_loses_nothing(stage: &Stage) -> Outcome {
    let shop = stage.release(Shape::new("shop")).await?;
    let traffic = stage.load(&[&shop], GENTLE).await?;
    switch(&shop, &traffic, Colour::Green).await?;
    switch(&shop, &traffic, Colour::Blue).await?;
    traffic.verdict().await?.nothing_is_lost()
}

/// Ten BlueGreens at 50 requests/s each; one of them starts each of its ten switchovers from no pods at all.
pub(crate) async fn a_hundred_switchovers_side_by_side_lose_nothing(stage: &Stage) -> Outcome {
    let shops = ten_releases(stage).await?;
    let traffic = stage.load(&shops.iter().collect::<Vec<_>>(), GENTLE).await?;
    switch_all(&shops, &traffic, 10).await?;
    let verdict = traffic.verdict().await?;
    say(&format!(
        "{} requests, the latest begun {} µs after its time",
        verdict.requests.len(),
        verdict.latest_start
    ));
    verdict.nothing_is_lost()
}
