//! Switchovers of pods that are none: what is shown is what the operator and the controllers do, by the thousand.

use e2e_cluster::{Cluster, Failure, Fakes, Observer, Release, Shape, Sight, Stage};
use futures_util::future::try_join_all;
use rollout::Colour;
use serde_json::json;
use tokio::time::Instant;

use crate::{
    progress::{Progress, Shown},
    say,
};

/// Side by side.
const RELEASES: u32 = 10;
/// Of each of them in a round; even, so that blue serves again.
const TIMES: u32 = 50;

/// Plays rounds until so many switchovers went as they should.
pub(crate) async fn endure(
    cluster: &Cluster,
    mut progress: Progress,
    switchovers: u32,
) -> Result<(), Failure> {
    while progress.shown().switchovers < switchovers {
        let began = Instant::now();
        progress.add(&round(cluster).await?)?;
        say(&format!(
            "{} of {switchovers} switchovers, {} more in {:.0?}: no Service was without an endpoint",
            progress.shown().switchovers,
            RELEASES * TIMES,
            began.elapsed()
        ));
    }
    Ok(())
}

async fn round(cluster: &Cluster) -> Result<Shown, Failure> {
    let stage = Stage::open(cluster, "endure").await?;
    let fakes = Fakes::begin(&stage).await?;
    let shapes = (0..RELEASES).map(|number| shape(&stage, number));
    let shops = try_join_all(shapes.map(|shape| stage.release(shape))).await?;
    let observer = Observer::begin(&stage);
    try_join_all(shops.iter().map(|shop| switch_again(shop, &observer))).await?;
    fakes.end().await?;
    stage.close().await?;
    Ok(Shown { switchovers: RELEASES * TIMES, requests: 0 })
}

/// The first of them keeps no pods of the side that is idle.
fn shape(stage: &Stage, number: u32) -> Shape {
    let after = if number == 0 { "0s" } else { "5m" };
    Shape::new(&format!("shop-{number}")).fake(stage.namespace()).spec(json!({
        "drain": {"min": "0s", "max": "0s", "port": null},
        "idle": {"after": after},
    }))
}

async fn switch_again(shop: &Release, observer: &Observer) -> Result<(), Failure> {
    for number in 0..TIMES {
        let (from, to) =
            if number % 2 == 0 { (Colour::Blue, Colour::Green) } else { (Colour::Green, Colour::Blue) };
        let wished = Instant::now();
        shop.wish(to).await?;
        shop.settles(to).await?;
        went_well(shop, observer, wished, to).await?;
        if shop.get().await?.spec.idle.after.as_millis() == 0 {
            shop.is_empty(from).await?;
        }
    }
    Ok(())
}

/// From the wish until the slices show the new side alone: never nobody, and no selector but the one that was wished.
async fn went_well(shop: &Release, observer: &Observer, wished: Instant, to: Colour) -> Result<(), Failure> {
    let name = &shop.shape().name;
    let alone = |sight: &Sight| match sight {
        Sight::Endpoints { service, ready: [blue, green] } => {
            let (new, old) = if to == Colour::Blue { (blue, green) } else { (green, blue) };
            service == name && *new > 0 && *old == 0
        }
        _ => false,
    };
    let over = observer.first(&format!("the slices of `{name}` show {to} alone"), wished, alone).await?;
    // What was written before the wish may be shown after it, so that the old colour is wrong only behind the new one.
    let mut pointed = false;
    let mut sights = observer.since(wished).into_iter().take_while(|(at, _)| *at <= over);
    let wrong = sights.find(|(_, sight)| match sight {
        Sight::Endpoints { service, ready } => service == name && *ready == [0, 0],
        Sight::Selects { service, colour } if service == name => {
            let other = *colour != Some(to);
            pointed |= !other;
            other && (pointed || colour.is_none())
        }
        Sight::Selects { .. } | Sight::Pod { .. } => false,
    });
    match wrong {
        None => Ok(()),
        Some((at, sight)) => Err(format!(
            "`{name}`, {} ms after it was wished to {to}: {sight:?}",
            at.duration_since(wished).as_millis()
        )
        .into()),
    }
}
