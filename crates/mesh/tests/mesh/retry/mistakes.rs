//! What went wrong in other budgets and retries, by the number of their issue.

use futures_util::future::join_all;

use super::*;

fn stage(percent: u8, floor: u32) -> Stage {
    let policy = budget::Policy { percent, floor, ..budget::Policy::default() };
    let budget = Budget::new(policy).expect("a policy in its ranges");
    Stage::with_budget(Policy { attempts: 2, ..Policy::default() }, budget)
}

async fn all_at_once(stage: &Stage, calls: usize) -> usize {
    let calls = join_all((0..calls).map(|_| stage.service.clone().oneshot(get()))).await;
    calls.into_iter().filter(|answer| answer.as_ref().is_ok_and(|answer| answer.status() == 200)).count()
}

/// tower#857: a ratio of 0.6 was rounded so that it allowed a retry for every call.
#[tokio::test(start_paused = true)]
async fn sixty_percent_are_sixty_percent() {
    for percent in [1, 33, 60, 99, 100] {
        let stage = stage(percent, 0);
        stage.upstream.will(vec![status(503); 1_000]);
        all_at_once(&stage, 100).await;
        assert_eq!(stage.upstream.calls(), 100 + usize::from(percent), "{percent} %");
    }
}

/// envoy#10869: a fixed number of three retries is too few for much traffic, and too many for little.
#[tokio::test(start_paused = true)]
async fn the_room_grows_with_the_traffic() {
    for calls in [10, 100, 1_000] {
        let stage = stage(20, 0);
        stage.upstream.will(vec![status(503); calls]);
        assert_eq!(all_at_once(&stage, calls).await, calls / 5);
        assert_eq!(stage.upstream.calls(), calls + calls / 5);
    }
}

/// envoy-mobile#811: a share of the calls under way is a share of nothing once they have all failed at once.
#[tokio::test(start_paused = true)]
async fn calls_that_fail_all_at_once_are_retried_however_long_they_took() {
    for took in [Duration::ZERO, SECOND * 3, SECOND * 30] {
        let stage = stage(20, 0);
        stage.upstream.will(vec![status(503).after(took); 100]);
        assert_eq!(all_at_once(&stage, 100).await, 20, "after {took:?}");
    }
}

/// tower-resilience#370: a minimum of retries that was configured was not looked at.
#[tokio::test(start_paused = true)]
async fn the_floor_is_there_without_any_traffic() {
    let stage = stage(0, 3);
    stage.upstream.will(vec![status(503); 100]);
    assert_eq!(all_at_once(&stage, 4).await, 0);
    assert_eq!(stage.upstream.calls(), 7);
}

/// A storm: what a total outage adds is the share and the floor, in every window, also in those after the traffic has stopped.
#[tokio::test(start_paused = true)]
async fn an_outage_adds_no_more_than_the_budget_in_any_window() {
    let mut stage = stage(20, 5);
    stage.upstream.will(vec![status(503); 3_000]);
    let begun = tokio::time::Instant::now();
    let (mut firsts, mut retries) = (vec![], vec![]);
    for number in 0..1_000 {
        let (bucket, before) = (begun.elapsed().as_secs(), stage.upstream.calls());
        stage.get().await.expect("an answer");
        firsts.push(bucket);
        retries.extend(std::iter::repeat_n(bucket, stage.upstream.calls() - before - 1));
        let pause = if number % 100 == 0 { SECOND * 7 } else { SECOND / 30 };
        tokio::time::advance(pause).await;
    }
    let of = |buckets: &[u64], from: u64| buckets.iter().filter(|at| (from..from + 10).contains(at)).count();
    for from in 0..=begun.elapsed().as_secs() {
        let (beyond, room) = (of(&retries, from), 5 * 5 + of(&firsts, from));
        assert!(beyond * 5 <= room, "{beyond} in the window from {from} s on");
    }
    assert!(retries.len() > 150, "{} were made", retries.len());
}
