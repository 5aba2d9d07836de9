//! Who waits, for how long, and who is next.

use super::*;

/// Which of these have their answer by now.
async fn done(calls: &mut [Flying]) -> Vec<usize> {
    let mut done = vec![];
    for (number, call) in calls.iter_mut().enumerate() {
        if poll!(call).is_ready() {
            done.push(number);
        }
    }
    done
}

#[tokio::test(start_paused = true)]
async fn who_came_first_is_served_first() {
    let stage = Stage::queued(1);
    let flying = stage.fill(1).await;
    // Each works for ever, so that one of them is let in.
    stage.server.will([Answer::Status(200)]);
    let mut calls = [stage.begin(Priority::Normal).await, stage.begin(Priority::Normal).await];
    assert_eq!((stage.server.calls(), stage.snapshot().waiting), (1, 2));
    drop(flying);
    assert_eq!(done(&mut calls[..1]).await, [0]);
    assert_eq!(done(&mut calls[1..]).await, [0]);
    assert_eq!((stage.server.calls(), stage.snapshot().waited), (3, 2));
}

#[tokio::test(start_paused = true)]
async fn the_first_who_waited_for_half_of_the_time_lets_the_last_go_first() {
    for (waited, next) in [(499, 0), (500, 2)] {
        let stage = Stage::queued(1);
        let flying = stage.fill(1).await;
        let mut calls = vec![];
        for _ in 0..3 {
            calls.push(stage.begin(Priority::Normal).await);
        }
        pass(Duration::from_millis(waited)).await;
        // Whoever is let in stays in.
        stage.server.will([Answer::Never]);
        drop(flying);
        assert!(done(&mut calls).await.is_empty());
        assert_eq!((stage.server.calls(), stage.snapshot().waiting), (2, 2));
        drop(calls.remove(next));
        assert_eq!(stage.snapshot().waiting, 1, "he who was let in let in the next");
    }
}

#[tokio::test(start_paused = true)]
async fn the_more_important_go_first() {
    let stage = Stage::queued(1);
    let flying = stage.fill(2).await;
    let mut calls = [
        stage.begin(Priority::Background).await,
        stage.begin(Priority::Normal).await,
        stage.begin(Priority::Critical).await,
    ];
    let mut flying = flying.into_iter();
    drop(flying.next());
    // Critical calls find room above the limit, in which there is none yet.
    assert_eq!(done(&mut calls[..2]).await, [0_usize; 0]);
    assert_eq!(done(&mut calls[2..]).await, [0]);
    assert_eq!(stage.snapshot().waiting, 2);
    drop(flying.next());
    assert_eq!(done(&mut calls[..1]).await, [0_usize; 0]);
    assert_eq!(done(&mut calls[1..2]).await, [0]);
    assert_eq!(done(&mut calls[..1]).await, [0]);
}

#[tokio::test(start_paused = true)]
async fn who_has_waited_for_too_long_is_refused_and_its_place_is_free() {
    let stage = Stage::queued(1);
    let _flying = stage.fill(1).await;
    let waiting = stage.begin(Priority::Normal).await;
    let begun = tokio::time::Instant::now();
    assert_eq!(refusal(waiting.await).why(), Why::QueuedTooLong);
    assert_eq!(begun.elapsed(), SECOND);
    assert_eq!((stage.server.calls(), stage.snapshot().waiting), (1, 0));
    assert_eq!(stage.snapshot().refused.of(Priority::Normal, Why::QueuedTooLong), 1);
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_refuses_and_one_who_leaves_it_frees_his_place() {
    let stage = Stage::queued(1);
    let _flying = stage.fill(2).await;
    let mut waiting = vec![];
    for _ in 0..3 {
        waiting.push(stage.begin(Priority::Normal).await);
    }
    assert_eq!(stage.refuses(Priority::Normal).await, Why::QueueFull);
    let critical = stage.begin(Priority::Critical).await;
    assert_eq!(stage.refuses(Priority::Critical).await, Why::QueueFull, "its share is a place more");
    drop((critical, waiting.pop()));
    waiting.push(stage.begin(Priority::Normal).await);
    assert_eq!(stage.snapshot().waiting, 3);
}

#[tokio::test(start_paused = true)]
async fn nobody_overtakes_those_who_wait() {
    let stage = Stage::queued(2);
    let mut flying = stage.fill(2).await;
    let first = stage.begin(Priority::Normal).await;
    drop(flying.pop());
    // The room is the waiting one's, though it was not polled since.
    let mut newcomer = stage.begin(Priority::Normal).await;
    assert_eq!(stage.snapshot().waiting, 1);
    assert_eq!(first.await.expect("an answer").status(), 200);
    assert!(poll!(&mut newcomer).is_ready());
}
