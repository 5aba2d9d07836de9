//! More endpoints than one slice holds.

use e2e_cluster::{Fakes, Observer, Shape, Sight, Stage};
use rollout::Colour;
use serde_json::json;
use tokio::time::Instant;

use crate::{breaks::serves, scenario::Outcome};

/// Real controllers make three slices a side of them; the pods are none, so that there is no load.
pub(crate) async fn two_hundred_and_fifty_endpoints_a_side_are_switched_as_one(stage: &Stage) -> Outcome {
    let fakes = Fakes::begin(stage).await?;
    let spec = json!({"drain": {"min": "0s", "max": "1s", "port": null}});
    let shop = stage.release(Shape::new("shop").replicas(250).fake(stage.namespace()).spec(spec)).await?;
    let observer = Observer::begin(stage);
    let wished = Instant::now();
    shop.wish(Colour::Green).await?;
    serves(&shop.settles(Colour::Green).await?, Colour::Green)?;
    let all = |sight: &Sight| matches!(sight, Sight::Endpoints { ready: [0, 250], .. });
    observer.first("250 endpoints, all of them green", wished, all).await?;
    let dark = |(_, sight): &(Instant, Sight)| matches!(sight, Sight::Endpoints { ready: [0, 0], .. });
    if observer.since(wished).iter().any(dark) {
        return Err("for a moment the Service had no endpoint".into());
    }
    fakes.end().await
}
