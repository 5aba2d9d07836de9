//! One run.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use fake_apiserver::{Resource, faults::Random};
use serde_json::Value;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::{
    cluster::{COLOUR, Cluster, NAMESPACE},
    judge::{Judge, ready},
    operators,
};

/// So long things go wrong.
const TROUBLE: Duration = Duration::from_secs(60);
/// So long after that a release may take to come to rest: its deadlines, its drain, and the watches that break.
const REST: Duration = Duration::from_secs(15 * 60);

/// What somebody does besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Story {
    /// Green is wished.
    Promote,
    /// Green is wished, and after a while blue again.
    Abort,
    /// Green is wished, whose pods never get Ready.
    Bad,
    /// Green is wished, and its image changes after a while.
    Retarget,
}

/// How a run has ended.
#[derive(Debug)]
pub(crate) struct End {
    story: Story,
    state: String,
    pub(crate) digest: (u64, u64),
}

/// How many runs have ended how.
#[derive(Default)]
pub(crate) struct Tally(BTreeMap<String, u64>, u64);

impl Tally {
    pub(crate) fn add(&mut self, end: &End) {
        *self.0.entry(format!("{:?}: {}", end.story, end.state)).or_default() += 1;
        self.1 += end.digest.1;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{} writes of the operator have landed", self.1)?;
        self.0.iter().try_for_each(|(end, count)| writeln!(formatter, "{count:6} {end}"))
    }
}

/// Does everything that follows from this seed.
///
/// # Errors
/// What should not have been.
pub(crate) fn run(seed: u64) -> Result<End, String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(release(Random::new(seed)))
}

async fn release(mut random: Random) -> Result<End, String> {
    let cluster = Arc::new(Cluster::new(&mut random));
    let judge = Judge::default();
    judge.watch(&cluster.server);
    let healed = Instant::now() + TROUBLE;
    let mut tasks = JoinSet::new();
    tasks.spawn(Arc::clone(&cluster).control(random.split()));
    let percent = [0, 5, 20, 40][usize::try_from(random.below(4)).unwrap()];
    for _ in 0..=random.below(2) {
        tasks.spawn(operators::live(Arc::clone(&cluster), random.split(), percent, healed));
    }
    let story = tell(&cluster, &mut random).await;
    let settled = settle(&cluster, story, healed).await;
    if let Some(wrong) = judge.wrongs().into_iter().next() {
        return Err(format!("{story:?}: {wrong}"));
    }
    settled
        .map(|state| End { story, state, digest: judge.digest() })
        .map_err(|why| format!("{story:?}: {why}"))
}

async fn tell(cluster: &Cluster, random: &mut Random) -> Story {
    let stories = [Story::Promote, Story::Abort, Story::Bad, Story::Retarget];
    let story = stories[usize::try_from(random.below(4)).unwrap()];
    let mut pause = async || sleep(Duration::from_millis(random.below(15_000))).await;
    pause().await;
    cluster.good.store(story != Story::Bad, Ordering::Relaxed);
    cluster.wish("green");
    pause().await;
    match story {
        Story::Abort => cluster.wish("blue"),
        Story::Retarget => retarget(cluster),
        Story::Promote | Story::Bad => {}
    }
    story
}

fn retarget(cluster: &Cluster) {
    let name = format!("{}-green", cluster.workloads[0]);
    let change =
        |object: &mut Value| object["spec"]["template"]["spec"]["containers"][0]["image"] = "shop:2".into();
    cluster.server.edit("test", &Resource::DEPLOYMENTS, NAMESPACE, &name, change).unwrap();
}

/// Waits until it is as the story must end, and stays so.
async fn settle(cluster: &Cluster, story: Story, healed: Instant) -> Result<String, String> {
    let end = healed + REST;
    let mut since = None;
    while Instant::now() < end {
        sleep(Duration::from_secs(1)).await;
        if Instant::now() < healed {
            continue;
        }
        match state(cluster, story) {
            Ok(state) => {
                let began = *since.get_or_insert_with(Instant::now);
                if began.elapsed() >= Duration::from_secs(30) {
                    return Ok(state);
                }
            }
            Err(_) => since = None,
        }
    }
    Err(state(cluster, story).err().unwrap_or_else(|| "it does not stay at rest".to_owned()))
}

/// The phase and reason, if everything is as it must be in the end.
fn state(cluster: &Cluster, story: Story) -> Result<String, String> {
    let status = cluster.status();
    let (colour, phase) = match story {
        // While the serving side rolls its endpoints may lag behind its pods, which counts as broken.
        Story::Retarget if status["reason"] == "Broken" => ("blue", "Held"),
        Story::Promote | Story::Retarget => ("green", "Stable"),
        Story::Abort => ("blue", "Stable"),
        Story::Bad => ("blue", "Held"),
    };
    let told = format!("{} {} ({})", status["phase"], status["reason"], status["message"]);
    cluster.server.view(|view| {
        for workload in &cluster.workloads {
            let service = view.get(&Resource::SERVICES, NAMESPACE, workload);
            let at = service.map(|service| service["spec"]["selector"][COLOUR].clone()).unwrap_or_default();
            if at != colour {
                return Err(format!("{workload} is at {at}: {told}"));
            }
            if ready(view, workload, colour) < 2 {
                return Err(format!("{workload} has too few ready pods: {told}"));
            }
        }
        Ok(())
    })?;
    if status["phase"] != phase {
        return Err(told);
    }
    Ok(format!("{} {}", phase, status["reason"].as_str().unwrap_or_default()))
}
