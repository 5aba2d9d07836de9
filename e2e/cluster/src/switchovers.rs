//! Healthy sides, switched again and again.

use futures_util::future::try_join_all;
use load::Rates;
use rollout::Colour;
use serde_json::json;

use crate::{Failure, Release, Shape, Stage, Traffic};

/// What one release is asked in most scenarios.
pub const GENTLE: Rates = Rates { fresh: 20, keep_alive: 25, streams: 5 };

/// Switches to this colour. From the moment at which that is seen to be over until the next wish, every new connection is the new
/// colour's.
///
/// # Errors
/// It does not come to that.
pub async fn switch(shop: &Release, traffic: &Traffic, colour: Colour) -> Result<(), Failure> {
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

/// Ten releases, which blue serves. One of them keeps no pods of the side that is idle, so that each of its switchovers starts from none.
///
/// # Errors
/// The cluster refuses, or blue does not come to serve.
pub async fn ten_releases(stage: &Stage) -> Result<Vec<Release>, Failure> {
    let shapes = (0..10).map(|number| {
        let after = if number == 0 { "0s" } else { "5m" };
        Shape::new(&format!("shop-{number}")).spec(json!({"idle": {"after": after}}))
    });
    try_join_all(shapes.map(|shape| stage.release(shape))).await
}

/// Switches all of them so many times, side by side; an even number brings them back to blue.
///
/// # Errors
/// One of them does not come to its end.
pub async fn switch_all(shops: &[Release], traffic: &Traffic, times: u32) -> Result<(), Failure> {
    try_join_all(shops.iter().map(|shop| switch_again(shop, traffic, times))).await?;
    Ok(())
}

async fn switch_again(shop: &Release, traffic: &Traffic, times: u32) -> Result<(), Failure> {
    for number in 0..times {
        let (from, to) =
            if number % 2 == 0 { (Colour::Blue, Colour::Green) } else { (Colour::Green, Colour::Blue) };
        switch(shop, traffic, to).await?;
        if shop.get().await?.spec.idle.after.as_millis() == 0 {
            shop.is_empty(from).await?;
        }
    }
    Ok(())
}
