//! The whole operator, before an API server in memory on whose way everything goes wrong that a seed says.
//!
//! Each run is a release under faults: of requests and watches, of operators that are killed after a write, of two that want to lead. At each
//! write that lands it is judged what must never be; after the faults have ended the release must come to rest, by itself and in minutes of
//! its own time. `SEED=… cargo test -p operator --test faults` repeats one run; `SEEDS=10000` makes as many.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail by panicking, as tests do")]

mod cluster;
mod judge;
mod operators;
mod run;

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
