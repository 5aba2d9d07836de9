//! Where calls come in.

use mesh::deadline::current;
use tower::service_fn;

use super::*;

fn layer(policy: ServerPolicy) -> ServerLayer {
    ServerLayer::new(policy).expect("a policy in its ranges")
}

/// What a request gets that says this.
async fn left(pairs: &[(&str, &str)]) -> Duration {
    let seen = Seen::default();
    layer(ServerPolicy::default()).layer(seen.clone()).oneshot(asking(pairs)).await.expect("an answer");
    seen.left()
}

#[tokio::test(start_paused = true)]
async fn a_caller_gets_what_it_asks_for_up_to_the_maximum_and_else_the_default() {
    assert_eq!(left(&[("grpc-timeout", "250m")]).await, MILLISECOND * 250);
    assert_eq!(left(&[("x-request-timeout-ms", "1500")]).await, MILLISECOND * 1_500);
    assert_eq!(left(&[("x-request-timeout-ms", "1500"), ("grpc-timeout", "1S")]).await, SECOND);
    assert_eq!(left(&[("grpc-timeout", "99999999H")]).await, SECOND * 60);
    assert_eq!(left(&[]).await, SECOND * 15);
}

/// A header that cannot be read gave the caller no deadline at all, and tonic reads `+1S`.
#[tokio::test(start_paused = true)]
async fn a_time_out_that_cannot_be_read_gets_the_default_and_is_counted() {
    let layer = layer(ServerPolicy::default());
    let seen = Seen::default();
    for text in ["+1S", "soon", "", "100000000m"] {
        layer.layer(seen.clone()).oneshot(asking(&[("grpc-timeout", text)])).await.expect("an answer");
        assert_eq!(seen.left(), SECOND * 15, "`{text}`");
    }
    assert_eq!(layer.handle().snapshot().unreadable, 4);
}

#[tokio::test(start_paused = true)]
async fn what_has_expired_on_arrival_is_refused_and_the_server_not_called() {
    let layer = layer(ServerPolicy::default());
    let seen = Seen::default();
    let mut service = layer.layer(seen.clone());
    let waited = until(Deadline::after(SECOND));
    advance(SECOND).await;
    assert!(is_out_of_time(service.ready().await.expect("ready").call(waited).await));
    assert!(is_out_of_time(
        service.ready().await.expect("ready").call(asking(&[("grpc-timeout", "0S")])).await
    ));
    assert_eq!((seen.server.calls(), layer.handle().snapshot().refused), (0, 2));
}

/// Whoever took the connection may have said until when, before the request waited.
#[tokio::test(start_paused = true)]
async fn a_deadline_that_the_request_has_already_is_never_moved_back() {
    let seen = Seen::default();
    let given = Deadline::after(SECOND);
    let mut request = until(given);
    request.headers_mut().insert("grpc-timeout", "10S".parse().expect("a value"));
    layer(ServerPolicy::default()).layer(seen.clone()).oneshot(request).await.expect("an answer");
    assert_eq!(seen.request().extensions().get(), Some(&given));
}

#[tokio::test(start_paused = true)]
async fn the_work_ends_at_the_deadline_unless_the_policy_lets_it_go_on() {
    let begun = Instant::now();
    for (end, lasts) in [(true, 1), (false, 3)] {
        let layer = layer(ServerPolicy { end, ..ServerPolicy::default() });
        let seen = Seen::will([Answer::After(SECOND * 3, 200)]);
        let before = begun.elapsed();
        let result = layer.layer(seen).oneshot(asking(&[("x-request-timeout-ms", "1000")])).await;
        assert_eq!(begun.elapsed() - before, SECOND * lasts);
        assert_eq!(layer.handle().snapshot().exceeded, u64::from(end));
        assert!(if end { is_exceeded(result) } else { result.is_ok() });
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_is_the_current_one_wherever_the_handler_asks() {
    let handler = service_fn(|request: Request<()>| {
        let (given, at_call) = (request.extensions().get::<Deadline>().copied(), current());
        async move {
            tokio::time::sleep(MILLISECOND).await;
            let elsewhere = tokio::spawn(async { current() }).await.expect("a task that ends");
            Ok::<_, BoxError>((given, at_call, current(), elsewhere))
        }
    });
    let service = layer(ServerPolicy::default()).layer(handler);
    let (given, at_call, later, elsewhere) = service.oneshot(asking(&[])).await.expect("an answer");
    assert_eq!((at_call, later), (given, given));
    assert_eq!(elsewhere, None, "a task of its own has no deadline");
    assert_eq!(current(), None);
}

/// tower-resilience#286: the inner service that was polled ready is the one that is called; clones share nothing but the counts.
#[tokio::test(start_paused = true)]
async fn it_is_ready_when_the_server_is_and_not_before() {
    let seen = Seen::default();
    let mut service = layer(ServerPolicy::default()).layer(seen.clone());
    seen.server.is_stuck(true);
    let mut waiting = ready(&mut service);
    assert!(futures_util::poll!(&mut waiting).is_pending());
    seen.server.is_stuck(false);
    waiting.await.expect("ready");
}

fn ready<'a, S: Service<Request<()>, Error = BoxError>>(
    service: &'a mut S,
) -> std::pin::Pin<Box<dyn Future<Output = Result<(), BoxError>> + 'a>> {
    Box::pin(std::future::poll_fn(move |context| service.poll_ready(context)))
}

#[test]
fn wrong_policies_name_every_field() {
    let nothing = Duration::ZERO;
    let invalid = ServerLayer::new(ServerPolicy { default: nothing, maximum: nothing, end: true });
    let problems = invalid.expect_err("two fields").problems().to_vec();
    assert_eq!(problems, ["`default`: 1 ms to `maximum`", "`maximum`: 1 ms to 24 h"]);
    let read: ServerPolicy = serde_json::from_str(r#"{"maximum": "20s", "end": false}"#).expect("a policy");
    assert_eq!(read, ServerPolicy { maximum: SECOND * 20, end: false, ..ServerPolicy::default() });
    assert!(serde_json::from_str::<ServerPolicy>(r#"{"maximal": "20s"}"#).is_err());
}
