//! Switches and aborts, one after the other.

use e2e_cluster::{Observer, Release, Shape, Sight, Stage};
use rollout::{Colour, Phase};
use serde_json::json;
use tokio::time::Instant;

use crate::{Failure, report::Row};

/// Of a single Service: from the last pod's readiness to the selector, and from an abort to the selector and the slices.
pub(crate) async fn one(stage: &Stage, times: u32) -> Result<Vec<Row>, Failure> {
    let shop = stage.release(shape(stage, "one")).await?;
    let observer = Observer::begin(stage);
    let (mut forward, mut back, mut shown) = (vec![], vec![], vec![]);
    warm_up(&shop, &observer).await?;
    for _ in 0..times {
        let there = there(&shop, &observer).await?;
        forward.push(there.pointed[0].saturating_duration_since(there.ready));
        let aborted = Instant::now();
        shop.wish(Colour::Blue).await?;
        back.push(selected(&observer, &shop, Colour::Blue, aborted).await?[0].duration_since(aborted));
        let slices = observer.first(
            "the slices show blue alone",
            aborted,
            |sight| matches!(sight, Sight::Endpoints { ready: [blue, 0], .. } if *blue > 0),
        );
        shown.push(slices.await?.duration_since(aborted));
        rest(&shop).await?;
    }
    Ok([
        Row::quantile("last pod ready → selector", &mut forward, 0.5).at_most(10.0),
        Row::quantile("last pod ready → selector", &mut forward, 0.99).at_most(20.0),
        Row::quantile("abort → selector", &mut back, 0.5),
        Row::quantile("abort → selector", &mut back, 0.99).at_most(50.0),
        Row::quantile("abort → slices", &mut shown, 0.99).at_most(250.0),
    ]
    .into())
}

/// Of three Services: how long some show the new colour and others the old one.
pub(crate) async fn three(stage: &Stage, times: u32) -> Result<Vec<Row>, Failure> {
    let shop = stage.release(shape(stage, "three").workloads(3)).await?;
    let observer = Observer::begin(stage);
    let (mut forward, mut back) = (vec![], vec![]);
    warm_up(&shop, &observer).await?;
    for _ in 0..times {
        forward.push(skew(&there(&shop, &observer).await?.pointed));
        let aborted = Instant::now();
        shop.wish(Colour::Blue).await?;
        back.push(skew(&selected(&observer, &shop, Colour::Blue, aborted).await?));
        rest(&shop).await?;
    }
    Ok([
        Row::quantile("skew over three Services", &mut forward, 0.5),
        Row::quantile("skew over three Services", &mut forward, 0.99).at_most(20.0),
        Row::quantile("skew over three Services, going back", &mut back, 0.99).at_most(20.0),
    ]
    .into())
}

/// One there and back that is not counted: the observer has just listed all pods, and the API server may not ask etcd again within 100 ms how far it is, which the
/// operator's own list waits for.
async fn warm_up(shop: &Release, observer: &Observer) -> Result<(), Failure> {
    there(shop, observer).await?;
    shop.wish(Colour::Blue).await?;
    rest(shop).await
}

/// A switch forward as it was seen.
struct There {
    /// When the last of the new pods was ready.
    ready: Instant,
    /// When each Service selected them.
    pointed: Vec<Instant>,
}

/// An approval after the switch, which never comes, keeps it in Verifying until it is aborted.
fn shape(stage: &Stage, name: &str) -> Shape {
    Shape::new(name).replicas(1).fake(stage.namespace()).spec(json!({
        "gates": {"after": [{"name": "look", "approval": {}}]},
        "drain": {"min": "0s", "max": "0s", "port": null},
        "idle": {"after": "0s"},
    }))
}

async fn there(shop: &Release, observer: &Observer) -> Result<There, Failure> {
    let wished = Instant::now();
    shop.wish(Colour::Green).await?;
    let pointed = selected(observer, shop, Colour::Green, wished).await?;
    let mut ready = wished;
    for workload in shop.shape().names() {
        let begin = format!("{workload}-green-");
        let like =
            |sight: &Sight| matches!(sight, Sight::Pod { name, ready: true } if name.starts_with(&begin));
        // The watches of pods and of Services are two: what happened first may be shown last.
        let one = observer.first(&format!("a pod of {workload}'s green side is ready"), wished, like).await?;
        ready = ready.max(one);
    }
    shop.reaches(Phase::Verifying).await?;
    Ok(There { ready, pointed })
}

/// When each Service of the release was first seen to select this colour.
async fn selected(
    observer: &Observer,
    shop: &Release,
    colour: Colour,
    from: Instant,
) -> Result<Vec<Instant>, Failure> {
    let mut pointed = vec![];
    for name in shop.shape().names() {
        let like = |sight: &Sight| *sight == Sight::Selects { service: name.clone(), colour: Some(colour) };
        pointed.push(observer.first(&format!("`{name}` selects {colour}"), from, like).await?);
    }
    Ok(pointed)
}

/// Until blue serves and green has no pods.
async fn rest(shop: &Release) -> Result<(), Failure> {
    shop.settles(Colour::Blue).await?;
    shop.is_empty(Colour::Green).await
}

fn skew(pointed: &[Instant]) -> std::time::Duration {
    let (first, last) = (pointed.iter().min(), pointed.iter().max());
    first.zip(last).map(|(first, last)| last.duration_since(*first)).unwrap_or_default()
}
