//! Healthy sides, switched again and again.

use e2e_cluster::{Failure, Release, Shape, Stage, Traffic};
use futures_util::future::try_join_all;
use load::Rates;
use rollout::Colour;
use serde_json::json;

use crate::scenario::{Outcome, say};

/// What one release is asked in most scenarios.
pub(crate) const GENTLE: Rates = Rates { fresh: 20, keep_alive: 25, streams: 5 };

pub(crate) async fn a_release_that_is_promoted_and_undone_loses_nothing(stage: &Stage) -> Outcome {
    let shop = stage.release(Shape::new("shop")).await?;
    let traffic = stage.load(&[&shop], GENTLE).await?;
    switch(&shop, &traffic, Colour::Green).await?;
    switch(&shop, &traffic, Colour::Blue).await?;
    traffic.verdict().await?.nothing_is_lost()
}

/// Ten BlueGreens at 50 requests/s each; one of them starts each of its ten switchovers from no pods at all.
pub(crate) async fn a_hundred_switchovers_side_by_side_lose_nothing(stage: &Stage) -> Outcome {
    let shapes = (0..10).map(|number| {
        let after = if number == 0 { "0s" } else { "5m" };
        Shape::new(&format!("shop-{number}")).spec(json!({"idle": {"after": after}}))
    });
    let shops = try_join_all(shapes.map(|shape| stage.release(shape))).await?;
    let traffic = stage.load(&shops.iter().collect::<Vec<_>>(), GENTLE).await?;
    try_join_all(shops.iter().map(|shop| ten_times(shop, &traffic))).await?;
    let verdict = traffic.verdict().await?;
    say(&format!(
        "{} requests, the latest begun {} µs after its time",
        verdict.requests.len(),
        verdict.latest_start
    ));
    verdict.nothing_is_lost()
}

async fn ten_times(shop: &Release, traffic: &Traffic) -> Outcome {
    for number in 0..10 {
        let (from, to) =
            if number % 2 == 0 { (Colour::Blue, Colour::Green) } else { (Colour::Green, Colour::Blue) };
        switch(shop, traffic, to).await?;
        if shop.get().await?.spec.idle.after.as_millis() == 0 {
            shop.is_empty(from).await?;
        }
    }
    Ok(())
}

/// Switches to this colour. From the moment at which that is seen to be over until the next wish, every new connection is the new
/// colour's.
pub(crate) async fn switch(shop: &Release, traffic: &Traffic, colour: Colour) -> Result<(), Failure> {
    shop.wish(colour).await?;
    shop.settles(colour).await?;
    let since = traffic.now().await?;
    traffic.goes_on(100).await?;
    let until = traffic.now().await?;
    for service in shop.shape().names() {
        traffic.served(&service, colour, since..until);
    }
    Ok(())
}
