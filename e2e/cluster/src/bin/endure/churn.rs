//! The operator's memory while everything changes.

use std::time::Duration;

use e2e_cluster::{Cluster, Failure, Fakes, Operator, Release, Shape, Stage};
use futures_util::future::{try_join, try_join_all};
use rollout::Colour;
use serde_json::json;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::say;

/// Between two looks at the memory.
const LOOK: Duration = Duration::from_secs(30);
/// So many times what it was after the first tenth of the time is level.
const LEVEL: f64 = 1.2;

/// Changes every release again and again for so long.
pub(crate) async fn endure(
    cluster: &Cluster,
    operator: &Operator,
    length: Duration,
    releases: u32,
) -> Result<(), Failure> {
    let stage = Stage::open(cluster, "churn").await?;
    let fakes = Fakes::begin(&stage).await?;
    let shapes = (0..releases).map(|number| shape(&stage, number)).collect();
    let releases = stage.releases(shapes).await?;
    try_join_all(releases.iter().map(|release| release.settles(Colour::Blue))).await?;
    let until = Instant::now() + length;
    let changes = try_join_all(releases.iter().map(|release| change_again(release, until)));
    let (changed, looks) = try_join(changes, look_again(operator, until)).await?;
    fakes.end().await?;
    stage.close().await?;
    say(&format!("{} changes", changed.iter().sum::<u32>()));
    judge(&looks)
}

fn shape(stage: &Stage, number: u32) -> Shape {
    Shape::new(&format!("churn-{number}")).replicas(1).fake(stage.namespace()).spec(json!({
        "drain": {"min": "0s", "max": "0s", "port": null},
        "idle": {"after": "0s"},
    }))
}

/// Wishes for the other colour, each other time with a new template, and waits until that is done.
async fn change_again(release: &Release, until: Instant) -> Result<u32, Failure> {
    let mut changes = 0;
    while Instant::now() < until {
        let to = if changes % 2 == 0 { Colour::Green } else { Colour::Blue };
        if changes % 4 < 2 {
            release.image(to, &changes.to_string(), json!({})).await?;
        }
        release.wish(to).await?;
        release.settles(to).await?;
        changes += 1;
    }
    Ok(changes)
}

async fn look_again(operator: &Operator, until: Instant) -> Result<Vec<f64>, Failure> {
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut looks = vec![];
    while Instant::now() < until {
        ticks.tick().await;
        let resident = operator.resident()?;
        say(&format!("resident: {resident:.1} MiB"));
        looks.push(resident);
    }
    Ok(looks)
}

/// Compares the mean of the last tenth with that of the second one: in the first one it is still filling what it keeps.
fn judge(looks: &[f64]) -> Result<(), Failure> {
    let tenth = (looks.len() / 10).max(1);
    let (early, late) = (looks.get(tenth..2 * tenth), looks.len().checked_sub(tenth));
    let (early, late) =
        early.zip(late.and_then(|from| looks.get(from..))).ok_or("that was too short to tell")?;
    let mean =
        |looks: &[f64]| looks.iter().sum::<f64>() / f64::from(u32::try_from(looks.len()).unwrap_or(u32::MAX));
    let (early, late) = (mean(early), mean(late));
    let told = format!("resident in the second tenth {early:.1} MiB, in the last {late:.1} MiB");
    say(&told);
    if late <= LEVEL * early { Ok(()) } else { Err(format!("not level: {told}").into()) }
}
