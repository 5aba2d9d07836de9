//! Switchovers under load.

use e2e_cluster::{Cluster, Failure, GENTLE, Stage, switch_all, ten_releases};

use crate::{
    progress::{Progress, Shown},
    say,
};

/// Of each of ten releases in a round.
const TIMES: u32 = 10;

/// Plays rounds until so many switchovers have lost nothing. Each has releases and a load of its own.
pub(crate) async fn endure(
    cluster: &Cluster,
    mut progress: Progress,
    switchovers: u32,
) -> Result<(), Failure> {
    while progress.shown().switchovers < switchovers {
        progress.add(&round(cluster).await?)?;
        let Shown { switchovers: shown, requests } = progress.shown();
        say(&format!("{shown} of {switchovers} switchovers, {requests} requests, nothing lost"));
    }
    Ok(())
}

async fn round(cluster: &Cluster) -> Result<Shown, Failure> {
    let stage = Stage::open(cluster, "endure").await?;
    let shops = ten_releases(&stage).await?;
    let traffic = stage.load(&shops.iter().collect::<Vec<_>>(), GENTLE).await?;
    switch_all(&shops, &traffic, TIMES).await?;
    let verdict = traffic.verdict().await?;
    verdict.nothing_is_lost()?;
    stage.close().await?;
    let releases = u32::try_from(shops.len())?;
    Ok(Shown { switchovers: releases * TIMES, requests: verdict.requests.len() })
}
