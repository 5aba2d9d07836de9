//! The whole operator, before an API server in memory on whose way everything goes wrong that a seed says.
//!
//! Each run is a release under faults: of requests and watches, of operators that are killed after a write, of two that want to lead; and among others,
//! who approve late, change bounds, Services, Deployments and pods. At each write that lands it is judged what must never be; after the faults have
//! ended and what others broke is put right the release must come to rest, in minutes of its own time. `SEED=… cargo test -p operator --test faults` repeats one run; `SEEDS=10000` makes as many.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail by panicking, as tests do")]

mod cluster;
mod judge;
mod operators;
mod others;
mod pods;
mod run;
mod world;

use fake_apiserver::faults::Random;

use self::world::{Death, Gate, Kind, Story, World};

/// So many runs there are, unless `SEEDS` says how many.
const SEEDS: u64 = 2_000;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().and_then(|text| text.parse().ok())
}

#[test]
fn a_release_comes_to_rest_whatever_went_wrong_and_no_write_cuts_what_serves() {
    let seeds = match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SEEDS").unwrap_or(SEEDS),
    };
    // Each run has a clock and tasks of its own, so they may be made side by side.
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let parts: Vec<_> = (0..threads)
        .map(|part| {
            let seeds = seeds.clone().skip(part).step_by(threads);
            std::thread::spawn(move || seeds.map(|seed| (seed, run::run(seed))).collect::<Vec<_>>())
        })
        .collect();
    let (mut tally, mut failed) = (run::Tally::default(), vec![]);
    for (seed, end) in parts.into_iter().flat_map(|part| part.join().unwrap()) {
        match end {
            Ok(end) => tally.add(&end),
            Err(why) => {
                println!("SEED={seed}: {why}");
                failed.push(seed);
            }
        }
    }
    println!("{tally}");
    assert!(failed.is_empty(), "{} runs have failed; SEED={} is the first", failed.len(), failed[0]);
}

#[test]
fn a_seed_is_always_the_same_run() {
    for seed in [1, 2, 3] {
        assert_eq!(run::run(seed).map(|end| end.digest), run::run(seed).map(|end| end.digest));
    }
}

/// Worlds whose operator is killed after each of its writes in turn.
fn mortal() -> Vec<World> {
    let gated = World {
        before: vec![Gate::good(Kind::Http), Gate::good(Kind::Approval)],
        after: vec![Gate::good(Kind::Job)],
        drains: true,
        ..World::quiet(Story::Promote)
    };
    let large = World { workloads: 2, replicas: 2, ..World::quiet(Story::Promote) };
    let around = World { preview: true, scaled: true, ..World::quiet(Story::Promote) };
    let stories = [Story::Promote, Story::Abort, Story::Bad, Story::Retarget].map(World::quiet);
    stories.into_iter().chain([large, gated, around]).collect()
}

#[test]
fn a_release_comes_to_the_same_end_whichever_write_was_its_operator_s_last() {
    for world in mortal() {
        let quiet = run::play(&world, Random::new(1)).unwrap_or_else(|why| panic!("{world:?}: {why}"));
        for writes in 1.. {
            let killed = World { death: Death::After(writes), ..world.clone() };
            let end = run::play(&killed, Random::new(1)).unwrap_or_else(|why| panic!("{killed:?}: {why}"));
            assert_eq!(end.state, quiet.state, "{killed:?}");
            if end.deaths == 0 {
                assert!(writes > 10, "{world:?} has {writes} writes only");
                break;
            }
        }
    }
}
