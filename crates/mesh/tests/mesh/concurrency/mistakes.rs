//! What others got wrong, by the number under which it is known.

use super::*;

/// apollo's router#6148: a limiter in a connection's pipeline began anew with each connection.
#[tokio::test(start_paused = true)]
async fn the_limit_is_one_for_all_connections_and_clones() {
    let stage = Stage::new(Policy::fixed(2));
    let connections =
        [stage.layer.layer(stage.server.clone()), stage.layer.clone().layer(stage.server.clone())];
    let mut flying = vec![];
    for connection in &connections {
        stage.server.will([Answer::Never]);
        let mut call = Box::pin(connection.clone().oneshot(request(Priority::Normal)));
        assert!(poll!(&mut call).is_pending());
        flying.push(call);
    }
    for connection in connections {
        let refused = refusal(connection.oneshot(request(Priority::Normal)).await);
        assert_eq!(refused.why(), Why::LimitReached);
    }
    assert_eq!(stage.server.calls(), 2);
    assert_eq!(stage.snapshot().refused.total(), 2);
}

/// tower-resilience#286 and #288: a wrapped service's clone was called, which nobody had asked whether it is ready.
#[tokio::test(start_paused = true)]
async fn the_service_that_was_asked_is_the_one_that_is_called() {
    let mut stage = Stage::new(Policy::fixed(1));
    for call in 1..4 {
        let service = ServiceExt::<Request<()>>::ready(&mut stage.service).await.expect("ready");
        service.call(request(Priority::Normal)).await.expect("an answer");
        assert_eq!((stage.server.polls(), stage.server.calls()), (call, call));
    }
}

/// tower-resilience#381: a server that is stuck hid that there is no room.
#[tokio::test(start_paused = true)]
async fn a_stuck_server_does_not_hide_that_there_is_no_room() {
    let stage = Stage::new(Policy::fixed(1));
    let _flying = stage.fill(2).await;
    stage.server.is_stuck(true);
    assert_eq!(stage.refuses(Priority::Normal).await, Why::LimitReached);
}
