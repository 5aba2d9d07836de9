//! Many orders at a time over the same few products and customers: what was decided is legal where it was decided, and what
//! there is, is what follows from it.

pub(crate) mod explain;
pub(crate) mod witness;

use chassis::doubles::Doubles;
use contracts::Style;
use switchyard::workload;

use crate::{
    generate::{self, Kind},
    seeds,
    world::World,
};

use witness::Witness;

/// How many workloads are tried in each style.
const WORKLOADS: u64 = 50;

/// How many lines are worked on at a time.
const AT_A_TIME: usize = 16;

#[test]
fn what_there_is_follows_from_decisions_that_were_legal_where_they_were_made() {
    for style in Style::ALL {
        seeds::each(&format!("concurrent workloads in the style {style}"), WORKLOADS, async |seed| {
            if let Err(wrong) = concurrent(style, seed, |doubles| doubles).await {
                panic!("{wrong}");
            }
        });
    }
}

#[test]
fn a_seed_replays_what_was_decided() {
    for style in seeds::styles() {
        let once = || seeds::run(async { concurrent(style, 3, |doubles| doubles).await.unwrap() });
        let (one, other) = (once(), once());
        assert!(one.len() > 50, "{} decisions", one.len());
        assert_eq!(one, other, "in the style {style}");
    }
}

/// Runs the workload of a seed with `around` put around the parts of Apps; answers everything that was decided, or what is
/// wrong with it.
pub(crate) async fn concurrent(
    style: Style,
    seed: u64,
    around: fn(Doubles) -> Doubles,
) -> Result<Vec<String>, String> {
    let (witness, lines) = (Witness::default(), generate::lines(seed, Kind::Concurrent));
    let world = World::new(&[style], seed, around(witness.watch(Doubles::default())));
    world.start().await;
    let workload = workload::read(&generate::text(&lines)).unwrap();
    let replayed = world.run(style, &workload, AT_A_TIME).await;

    // What was refused by its code was refused for a reason of the domain's.
    let problems = replayed.problems.iter().filter(|problem| problem.code.is_none());
    let mut wrong: Vec<_> = problems.map(ToString::to_string).collect();
    wrong.extend(world.broken().await.iter().map(|finding| format!("{finding:?}")));
    wrong.extend(witness.contradictions(&world, style).await);
    world.stop().await;
    if wrong.is_empty() {
        return Ok(witness.decisions());
    }
    Err(format!("in the style {style}:\n{}\nby\n{}", wrong.join("\n"), generate::text(&lines)))
}
