//! The limit that finds itself, in front of a server.

use std::convert::Infallible;

use bytes::Bytes;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use mesh::{classify::Grpc, concurrency::Adaptive};
use tower::service_fn;

use super::*;

const TOOK: Duration = Duration::from_millis(10);

fn adaptive() -> Policy {
    let adaptive = Adaptive { initial: 10, floor_every: 10 * SECOND, ..Adaptive::default() };
    Policy { limit: Limit::Adaptive(adaptive), ..Policy::default() }
}

/// So many rounds of ten calls at a time.
async fn rounds(stage: &Stage, rounds: usize, answer: Answer) {
    for _ in 0..rounds {
        stage.server.will(vec![answer.clone(); 10]);
        let mut calls = vec![];
        for _ in 0..10 {
            calls.push(stage.service.clone().oneshot(request(Priority::Normal)));
        }
        futures_util::future::join_all(calls).await;
    }
}

#[tokio::test(start_paused = true)]
async fn it_measures_the_floor_and_grows_while_the_server_is_fast() {
    let stage = Stage::new(adaptive());
    assert_eq!((stage.snapshot().limit, stage.snapshot().floor), (10, None));
    rounds(&stage, 10, Answer::After(TOOK, 200)).await;
    assert_eq!((stage.snapshot().floor, stage.snapshot().measured), (Some(TOOK), 1));
    rounds(&stage, 11, Answer::After(TOOK, 200)).await;
    assert_eq!(stage.snapshot().limit, 13);
}

#[tokio::test(start_paused = true)]
async fn it_sinks_when_the_server_becomes_slow_and_refuses_what_is_too_much() {
    let stage = Stage::new(adaptive());
    rounds(&stage, 11, Answer::After(TOOK, 200)).await;
    rounds(&stage, 2, Answer::After(10 * TOOK, 200)).await;
    assert!(stage.snapshot().limit < 10, "{:?}", stage.snapshot());
    let calls = stage.server.calls();
    rounds(&stage, 1, Answer::After(10 * TOOK, 200)).await;
    assert!(stage.server.calls() < calls + 10);
    assert!(stage.snapshot().refused.of(Priority::Normal, Why::LimitReached) > 0);
}

#[tokio::test(start_paused = true)]
async fn failures_and_who_leaves_are_no_samples() {
    let stage = Stage::new(adaptive());
    rounds(&stage, 20, Answer::After(TOOK, 500)).await;
    rounds(&stage, 20, Answer::After(TOOK, 404)).await;
    rounds(&stage, 20, Answer::Breaks).await;
    for _ in 0..100 {
        drop(stage.begin_for(TOOK).await);
        pass(TOOK).await;
    }
    assert_eq!((stage.snapshot().floor, stage.snapshot().limit), (None, 10));
    assert_eq!(stage.snapshot().under_way, 0);
}

#[tokio::test(start_paused = true)]
async fn a_grpc_call_has_its_room_until_its_trailers_and_a_stream_for_10_s() {
    let layer = ConcurrencyLayer::new(adaptive(), Grpc::new()).expect("a policy in its ranges");
    let handle = layer.handle();
    let frames = |last: Option<Frame<Bytes>>| {
        let first = futures_util::stream::iter([Ok::<_, Infallible>(Frame::data(Bytes::from_static(b"x")))]);
        let last = futures_util::stream::iter(last.map(Ok));
        StreamBody::new(Box::pin(futures_util::StreamExt::chain(first, last)))
    };
    let unary = service_fn(move |_: Request<()>| async move {
        let trailers = http::HeaderMap::from_iter([(
            http::HeaderName::from_static("grpc-status"),
            http::HeaderValue::from_static("0"),
        )]);
        Ok::<_, BoxError>(Response::new(frames(Some(Frame::trailers(trailers)))))
    });
    let body = layer.layer(unary).oneshot(Request::new(())).await.expect("an answer").into_body();
    assert_eq!(handle.snapshot().under_way, 1);
    body.collect().await.expect("a body");
    assert_eq!(handle.snapshot().under_way, 0);

    let stream = service_fn(move |_: Request<()>| async move {
        let endless = futures_util::stream::pending::<Result<Frame<Bytes>, Infallible>>();
        Ok::<_, BoxError>(Response::new(StreamBody::new(endless)))
    });
    let mut body = layer.layer(stream).oneshot(Request::new(())).await.expect("an answer").into_body();
    assert!(tokio::time::timeout(9 * SECOND, body.frame()).await.is_err());
    assert_eq!(handle.snapshot().under_way, 1);
    assert!(tokio::time::timeout(2 * SECOND, body.frame()).await.is_err());
    assert_eq!(handle.snapshot().under_way, 0, "the stream goes on without it");
    let dropped = layer.layer(unary).oneshot(Request::new(())).await.expect("an answer");
    drop(dropped);
    assert_eq!((handle.snapshot().under_way, handle.snapshot().floor), (0, None));
}
