//! One run.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use fake_apiserver::{Resource, View, faults::Random};
use serde_json::Value;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::{
    cluster::{COLOUR, Cluster, NAMESPACE, preview},
    judge::{Judge, ready},
    operators, others,
    world::{Story, World},
};

/// So long things go wrong.
const TROUBLE: Duration = Duration::from_secs(60);
/// So long after that a release may take to come to rest: its deadlines, its drain, and the watches that break.
const REST: Duration = Duration::from_secs(15 * 60);

/// So long somebody waits before what was held is tried again.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a run has ended.
#[derive(Debug)]
pub(crate) struct End {
    story: Story,
    pub(crate) state: String,
    /// How many operators were killed.
    pub(crate) deaths: u64,
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
    let mut random = Random::new(seed);
    let world = World::drawn(&mut random);
    play(&world, random).map_err(|why| format!("{world:?}: {why}"))
}

/// Plays a world, in which everything else follows from these dice.
///
/// # Errors
/// What should not have been.
pub(crate) fn play(world: &World, random: Random) -> Result<End, String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(release(world, random))
}

async fn release(world: &World, mut random: Random) -> Result<End, String> {
    let cluster = Arc::new(Cluster::new(world));
    let judge = Judge::default();
    judge.watch(&cluster.server, world);
    let healed = Instant::now() + TROUBLE;
    let mut tasks = JoinSet::new();
    tasks.spawn(Arc::clone(&cluster).control(random.split()));
    tasks.spawn(others::decide(Arc::clone(&cluster)));
    if world.forgets {
        tasks.spawn(others::forget(Arc::clone(&cluster), random.split(), healed));
    }
    if world.scaled {
        tasks.spawn(others::rescale(Arc::clone(&cluster), random.split(), healed));
    }
    if world.foreign > 0 {
        tasks.spawn(others::meddle(Arc::clone(&cluster), random.split(), healed));
    }
    for _ in 0..world.operators {
        tasks.spawn(operators::live(Arc::clone(&cluster), random.split(), healed));
    }
    tell(&cluster, &mut random).await;
    let settled = settle(&cluster, healed).await;
    if let Some(wrong) = judge.wrongs().into_iter().next() {
        return Err(wrong);
    }
    settled.map(|state| End {
        story: world.story,
        state,
        deaths: cluster.deaths.load(Ordering::Relaxed),
        digest: judge.digest(),
    })
}

async fn tell(cluster: &Cluster, random: &mut Random) {
    let story = cluster.world.story;
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
}

fn retarget(cluster: &Cluster) {
    let name = format!("{}-green", cluster.workloads[0]);
    let change =
        |object: &mut Value| object["spec"]["template"]["spec"]["containers"][0]["image"] = "shop:2".into();
    cluster.server.edit("test", &Resource::DEPLOYMENTS, NAMESPACE, &name, change).unwrap();
}

/// Waits until it is as the story must end, and stays so. What may fail by what went wrong is tried again where it was held.
async fn settle(cluster: &Cluster, healed: Instant) -> Result<String, String> {
    let end = healed + REST;
    let (mut since, mut again) = (None, healed + PATIENCE);
    while Instant::now() < end {
        sleep(Duration::from_secs(1)).await;
        if Instant::now() < healed {
            continue;
        }
        match state(cluster) {
            Ok(state) => {
                let began = *since.get_or_insert_with(Instant::now);
                if began.elapsed() >= Duration::from_secs(30) {
                    return Ok(state);
                }
            }
            Err(_) => since = None,
        }
        let is_held = cluster.status()["phase"] == "Held";
        if since.is_none() && is_held && cluster.world.may_need_another_attempt() && Instant::now() >= again {
            cluster.try_again();
            again = Instant::now() + PATIENCE;
        }
    }
    Err(state(cluster).err().unwrap_or_else(|| "it does not stay at rest".to_owned()))
}

/// The phase and reason, if everything is as it must be in the end.
fn state(cluster: &Cluster) -> Result<String, String> {
    let status = cluster.status();
    let (colour, phase) = match cluster.world.story {
        // While the serving side rolls its endpoints may lag behind its pods, which counts as broken.
        Story::Retarget if status["reason"] == "Broken" => ("blue", "Held"),
        Story::Abort => ("blue", "Stable"),
        _ if cluster.world.is_doomed() => ("blue", "Held"),
        Story::Promote | Story::Retarget | Story::Bad => ("green", "Stable"),
    };
    let told = format!("{} {} ({})", status["phase"], status["reason"], status["message"]);
    cluster.server.view(|view| {
        for workload in &cluster.workloads {
            let at = points_at(view, workload);
            if at != colour {
                return Err(format!("{workload} is at {at}: {told}"));
            }
            if ready(view, workload, colour) < 2 {
                return Err(format!("{workload} has too few ready pods: {told}"));
            }
            if phase == "Stable" {
                at_rest(cluster, view, workload, colour).map_err(|why| format!("{why}: {told}"))?;
            }
        }
        Ok(())
    })?;
    if status["phase"] != phase {
        return Err(told);
    }
    Ok(format!("{} {}", phase, status["reason"].as_str().unwrap_or_default()))
}

/// Where nothing is under way a preview shows the other side, and autoscalers have the minimum again that somebody set last.
fn at_rest(cluster: &Cluster, view: &View<'_>, workload: &str, serves: &str) -> Result<(), String> {
    if cluster.world.preview && points_at(view, &preview(workload)) == serves {
        return Err(format!("the preview of {workload} shows the side that serves"));
    }
    for colour in ["blue", "green"].into_iter().filter(|_| cluster.world.scaled) {
        let scaler = view.get(&Resource::AUTOSCALERS, NAMESPACE, &format!("{workload}-{colour}"));
        let raised = |scaler: &&Arc<Value>| {
            !scaler["metadata"]["annotations"]["switchyard.dev/min-replicas"].is_null()
        };
        if scaler.filter(raised).is_some() {
            return Err(format!("the autoscaler of {workload}-{colour} is still raised"));
        }
        let min = scaler.map_or(0, |scaler| scaler["spec"]["minReplicas"].as_u64().unwrap_or_default());
        if min != others::LAST_MIN {
            return Err(format!("the autoscaler of {workload}-{colour} has lost what somebody set: {min}"));
        }
    }
    Ok(())
}

fn points_at(view: &View<'_>, service: &str) -> String {
    let service = view.get(&Resource::SERVICES, NAMESPACE, service);
    let colour = service.and_then(|service| service["spec"]["selector"][COLOUR].as_str());
    colour.unwrap_or("nothing").to_owned()
}
