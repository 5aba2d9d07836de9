//! Whatever fails, nothing is lost, nothing is done twice, and everything comes to an end.

pub(crate) mod life;
pub(crate) mod plan;
pub(crate) mod trial;

mod boundaries;

use crate::seeds;

use trial::trial;

/// How many seeds are tried in each style; `PROVE` tries more, from new ones.
const SEEDS: u64 = 200;

#[test]
fn everything_ends_well_whatever_fails() {
    for style in seeds::styles() {
        seeds::each(&format!("faults in the style {style}"), SEEDS, async |seed| {
            if let Err(wrong) = trial(style, seed).await {
                panic!("{wrong}");
            }
        });
    }
}

#[test]
fn a_seed_replays_workload_faults_and_interleaving() {
    for style in seeds::styles() {
        for seed in 0..6 {
            let once = || seeds::run(async { trial(style, seed).await.unwrap() });
            let (one, other) = (once(), once());
            let same = one.iter().zip(&other).take_while(|(one, other)| one == other).count();
            let (one, other) = (one.get(same), other.get(same));
            assert_eq!(one, other, "seed {seed} in the style {style}, after {same} transactions");
        }
    }
}
