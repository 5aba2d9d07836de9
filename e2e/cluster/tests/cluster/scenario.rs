//! How a scenario is played.

use e2e_cluster::{Cluster, Failure, Stage};
use libtest_mimic::{Failed, Trial};
use tokio::runtime::Handle;

use crate::switchovers;

/// What a scenario comes to.
pub(crate) type Outcome = Result<(), Failure>;

/// Where scenarios are played; nowhere, if they are only to be listed.
pub(crate) type World = Option<(Handle, Cluster)>;

/// A test for each of these functions, named as it is.
macro_rules! scenarios {
    ($world:expr; $($module:ident: $($name:ident)*;)*) => {
        vec![$($(trial(
            concat!(stringify!($module), "::", stringify!($name)),
            stringify!($name),
            &$world,
            async |stage: &Stage| $module::$name(stage).await,
        ),)*)*]
    };
}

/// All of them.
pub(crate) fn all(world: World) -> Vec<Trial> {
    scenarios! { world;
        switchovers:
            a_release_that_is_promoted_and_undone_loses_nothing
            a_hundred_switchovers_side_by_side_lose_nothing;
    }
}

fn trial<F>(title: &'static str, name: &'static str, world: &World, scenario: F) -> Trial
where
    F: AsyncFn(&Stage) -> Outcome + Send + 'static,
{
    let world = world.clone();
    Trial::test(title, move || {
        let (runtime, cluster) = world.ok_or("there is no cluster")?;
        runtime.block_on(play(&cluster, name, scenario)).map_err(|failure| Failed::from(failure.to_string()))
    })
    .with_ignored_flag(true)
}

async fn play(cluster: &Cluster, name: &str, scenario: impl AsyncFn(&Stage) -> Outcome) -> Outcome {
    let stage = Stage::open(cluster, name).await?;
    let outcome = match scenario(&stage).await {
        Ok(()) => Ok(()),
        Err(failure) => Err(format!("{failure}\n\n{}", stage.portrait().await).into()),
    };
    stage.close().await?;
    outcome
}

/// Says something whether a scenario fails or not.
#[expect(clippy::print_stderr, reason = "figures and seeds are for who runs the tests")]
pub(crate) fn say(what: &str) {
    eprintln!("{what}");
}
