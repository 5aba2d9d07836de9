//! What the operator takes while nothing happens, and for looking at what has changed nothing.

use std::time::Duration;

use e2e_cluster::{Cluster, Fakes, Operator, Shape, Stage};
use futures_util::future::try_join_all;
use rollout::Colour;
use serde_json::json;
use tokio::time::sleep;

use crate::{Failure, exposition::Exposition, report::Row};

/// For so long nothing is done and every request is counted.
const REST: Duration = Duration::from_secs(60);
/// So often each release is touched in a way that means nothing.
const TOUCHES: u32 = 10;

/// With so many releases, of one pod each, all of which are stable.
pub(crate) async fn measure(
    cluster: &Cluster,
    operator: &Operator,
    releases: u32,
) -> Result<Vec<Row>, Failure> {
    let stage = Stage::open(cluster, "bench-rest").await?;
    let fakes = Fakes::begin(&stage).await?;
    let shapes = (0..releases).map(|number| {
        Shape::new(&format!("rest-{number}"))
            .replicas(1)
            .fake(stage.namespace())
            .spec(json!({"idle": {"after": "0s"}}))
    });
    let releases = stage.releases(shapes.collect()).await?;
    try_join_all(releases.iter().map(|release| release.settles(Colour::Blue))).await?;
    try_join_all(releases.iter().map(|release| release.is_empty(Colour::Green))).await?;
    let resident = operator.resident()?;
    let mut rows =
        vec![Row::new(format!("resident, with {} releases", releases.len()), resident, "MiB").at_most(32.0)];

    let before = Exposition::of(operator).await?;
    sleep(REST).await;
    let after = Exposition::of(operator).await?;
    let since = after.since(&before);
    let requests = |of: &[(&str, &str)]| since.sum("switchyard_operator_api_requests_total", of);
    let (all, watches) = (requests(&[]), requests(&[("verb", "watch")]));
    let lease = requests(&[("resource", "leases")]);
    rows.extend([
        Row::new("requests in a minute at rest: watches", watches, ""),
        Row::new("requests in a minute at rest: the lease's", lease, ""),
        Row::new("requests in a minute at rest: others", all - watches - lease, "").at_most(0.0),
    ]);

    for touch in 0..TOUCHES {
        let touched = json!({"metadata": {"labels": {"example.org/touched": touch.to_string()}}});
        try_join_all(releases.iter().map(|release| release.change(touched.clone()))).await?;
    }
    sleep(Duration::from_secs(2)).await;
    let turns = Exposition::of(operator).await?.since(&after);
    let (bound, of) =
        turns.quantile("switchyard_operator_reconcile_duration_seconds", ("outcome", "rests"), 0.99)?;
    let name = format!("reconcile that changes nothing, p99 of {of}, at most");
    rows.push(Row::new(name, bound * 1000.0, "ms").at_most(1.0));
    fakes.end().await?;
    stage.close().await?;
    Ok(rows)
}
