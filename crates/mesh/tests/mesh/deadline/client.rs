//! Where calls go out.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::stream;
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use mesh::{
    answer::AnswerLayer,
    circuit_breaker::{CircuitBreakerLayer, Policy},
    classify::Http,
    deadline::{current, scope},
};
use tower::service_fn;

use super::*;

fn policy() -> ClientPolicy {
    ClientPolicy { at_most: SECOND * 2, ..ClientPolicy::default() }
}

fn layer(policy: ClientPolicy) -> ClientLayer {
    ClientLayer::new(policy).expect("a policy in its ranges")
}

#[tokio::test(start_paused = true)]
async fn an_inherited_deadline_is_sooner_by_the_margin_and_the_own_time_is_the_longest() {
    let seen = Seen::default();
    let left = |request| {
        let (seen, service) = (seen.clone(), layer(policy()).layer(seen.clone()));
        async move {
            service.oneshot(request).await.expect("an answer");
            seen.left()
        }
    };
    assert_eq!(left(until(Deadline::after(SECOND))).await, MILLISECOND * 995);
    assert_eq!(left(until(Deadline::after(SECOND * 9))).await, SECOND * 2);
    assert_eq!(left(asking(&[])).await, SECOND * 2);
}

/// The deadlines of one request were lost at the next hop, unless every handler handed them on.
#[tokio::test(start_paused = true)]
async fn what_a_handler_calls_inherits_the_deadline_of_what_it_handles() {
    let seen = Seen::default();
    let client = layer(policy()).layer(seen.clone());
    let handler = service_fn(move |_: Request<()>| client.clone().oneshot(asking(&[])));
    let server = ServerLayer::new(ServerPolicy::default()).expect("a policy in its ranges").layer(handler);
    server.oneshot(asking(&[("grpc-timeout", "100m")])).await.expect("an answer");
    assert_eq!(seen.left(), MILLISECOND * 95);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_of_ones_own_goes_before_the_current_one() {
    let seen = Seen::default();
    let compensation = layer(policy()).layer(seen.clone()).oneshot(until(Deadline::after(SECOND)));
    scope(Deadline::after(MILLISECOND), compensation).await.expect("an answer");
    assert_eq!(seen.left(), MILLISECOND * 995);
}

#[tokio::test(start_paused = true)]
async fn the_deadline_of_the_call_takes_the_place_of_what_the_request_says_and_is_the_current_one() {
    type Both = (Option<Deadline>, Option<Deadline>);
    let transport = service_fn(async |request: Request<()>| {
        let mut response = Response::new(());
        let said = request.extensions().get().copied();
        response.extensions_mut().insert::<Both>((current(), said));
        Ok::<_, Infallible>(response)
    });
    let client = layer(policy()).layer(transport);
    let ask = async |request| {
        let response = client.clone().oneshot(request).await.expect("an answer");
        response.extensions().get::<Both>().copied().expect("what the transport saw")
    };
    let given = Deadline::after(SECOND);
    let sooner = Deadline::at(given.instant() - MILLISECOND * 5);
    assert_eq!(ask(until(given)).await, (Some(sooner), Some(sooner)));
    assert_eq!(ask(asking(&[])).await, (Some(Deadline::after(SECOND * 2)), None));
    assert_eq!(current(), None);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_cannot_make_it_any_more_is_not_sent() {
    let layer = layer(policy());
    let seen = Seen::default();
    for left in [Duration::ZERO, MILLISECOND * 5, Duration::from_micros(5_999)] {
        assert!(is_out_of_time(layer.layer(seen.clone()).oneshot(until(Deadline::after(left))).await));
    }
    assert_eq!((seen.server.calls(), layer.handle().snapshot().refused), (0, 3));
    layer.layer(seen.clone()).oneshot(until(Deadline::after(MILLISECOND * 6))).await.expect("an answer");
}

#[tokio::test(start_paused = true)]
async fn the_call_ends_at_its_deadline() {
    let (begun, layer) = (Instant::now(), layer(policy()));
    let seen = Seen::will([Answer::Never]);
    assert!(is_exceeded(layer.layer(seen.clone()).oneshot(asking(&[])).await));
    assert_eq!((begun.elapsed(), seen.server.calls()), (SECOND * 2, 1));
    assert_eq!(layer.handle().snapshot().exceeded, 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_there_goes_before_a_deadline_that_has_passed() {
    let seen = Seen::will([Answer::After(SECOND * 2, 200)]);
    layer(policy()).layer(seen).oneshot(asking(&[])).await.expect("an answer");
}

/// No runtime: a timer that was armed would panic.
#[test]
fn a_service_that_answers_at_once_never_sees_a_timer() {
    let mut service = layer(policy()).layer(service_fn(|_: Request<()>| async {
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"there"))))
    }));
    let response = futures_util::FutureExt::now_or_never(service.call(asking(&[]))).expect("at once");
    let body = response.expect("an answer").into_body();
    let body = futures_util::FutureExt::now_or_never(body.collect()).expect("at once");
    assert_eq!(body.expect("a body").to_bytes(), "there");
}

type Slow =
    StreamBody<std::pin::Pin<Box<dyn stream::Stream<Item = Result<Frame<Bytes>, Infallible>> + Send>>>;

/// A frame, and another after so long.
fn slow(time: Duration) -> Slow {
    let frame = || Ok(Frame::data(Bytes::from_static(b"x")));
    let later = stream::once(async move {
        tokio::time::sleep(time).await;
        frame()
    });
    StreamBody::new(Box::pin(stream::StreamExt::chain(stream::iter([frame()]), later)))
}

async fn frames(body: bool, time: Duration) -> (usize, Option<BoxError>, u64) {
    let layer = layer(ClientPolicy { body, ..policy() });
    let service = layer.layer(service_fn(move |_: Request<()>| async move {
        Ok::<_, Infallible>(Response::new(slow(time)))
    }));
    let mut body = service.oneshot(asking(&[])).await.expect("an answer").into_body();
    let (mut count, mut error) = (0, None);
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(_) => count += 1,
            Err(broken) => error = Some(broken),
        }
    }
    (count, error, layer.handle().snapshot().exceeded)
}

#[tokio::test(start_paused = true)]
async fn the_body_is_part_of_the_call_unless_it_is_a_stream() {
    let begun = Instant::now();
    assert!(matches!(frames(true, SECOND).await, (2, None, 0)));
    let (count, error, exceeded) = frames(true, SECOND * 9).await;
    assert!(error.is_some_and(|error| error.is::<Exceeded>()), "and the body ends after that");
    assert_eq!((count, exceeded, begun.elapsed()), (1, 1, SECOND * 3));
    assert!(matches!(frames(false, SECOND * 9).await, (2, None, 0)));
}

#[tokio::test(start_paused = true)]
async fn who_asked_gets_504_at_the_deadline_and_503_where_it_was_too_late() {
    let service = AnswerLayer::new().layer(layer(policy()).layer(Seen::will([Answer::Never])));
    let Ok(late) = service.clone().oneshot(until(Deadline::after(MILLISECOND))).await;
    let Ok(exceeded) = service.oneshot(asking(&[])).await;
    assert_eq!((late.status().as_u16(), exceeded.status().as_u16()), (503, 504));
}

/// Whoever waits no more takes the timer and the call along, at whatever point.
#[tokio::test(start_paused = true)]
async fn a_caller_who_leaves_counts_as_nothing() {
    let breaker =
        CircuitBreakerLayer::new(Policy { consecutive_failures: Some(1), ..Policy::default() }, Http::new())
            .expect("a policy in its ranges");
    let layer = layer(policy());
    let seen = Seen::will([Answer::Never]);
    let mut call = Box::pin(layer.layer(breaker.layer(seen.clone())).oneshot(asking(&[])));
    assert!(futures_util::poll!(&mut call).is_pending());
    drop(call);
    advance(SECOND * 3).await;
    assert_eq!(seen.server.calls(), 1);
    assert_eq!(layer.handle().snapshot().exceeded, 0);
    assert_eq!(breaker.handle().snapshot().consecutive_failures, 0);
}

#[test]
fn wrong_policies_name_every_field() {
    let long = SECOND * 11;
    let policy = ClientPolicy {
        at_most: Duration::ZERO,
        hop_margin: long,
        least: long,
        way_back_percent: 51,
        body: true,
    };
    let problems = ClientLayer::new(policy).expect_err("four fields").problems().to_vec();
    assert_eq!(
        problems,
        [
            "`at_most`: 1 ms to 24 h",
            "`hop_margin`: up to 10 s",
            "`least`: up to `at_most` and to 10 s",
            "`way_back_percent`: up to 50"
        ]
    );
    let text = serde_json::to_string(&ClientPolicy::default()).expect("text");
    assert_eq!(
        text,
        r#"{"at_most":"15s","hop_margin":"5ms","least":"1ms","way_back_percent":0,"body":true}"#
    );
    assert_eq!(serde_json::from_str::<ClientPolicy>(&text).expect("a policy"), ClientPolicy::default());
}
