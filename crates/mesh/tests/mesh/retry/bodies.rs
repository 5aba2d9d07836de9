//! Bodies that are sent more than once.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll},
};

use http::HeaderMap;
use http_body::{Body, Frame};

use super::*;

/// A body in frames, of unknown length.
#[derive(Debug, Default)]
struct Frames(VecDeque<Result<Frame<Bytes>, BoxError>>);

impl Frames {
    fn of(texts: &[&'static str]) -> Self {
        Self(texts.iter().map(|text| Ok(Frame::data(Bytes::from_static(text.as_bytes())))).collect())
    }

    fn and(mut self, frame: Result<Frame<Bytes>, BoxError>) -> Self {
        self.0.push_back(frame);
        self
    }
}

impl Body for Frames {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Poll::Ready(self.0.pop_front())
    }
}

async fn put(stage: &mut Stage, body: Frames) -> Result<u16, BoxError> {
    let request = Request::builder().method(Method::PUT).body(body).expect("a request");
    Ok(ready_call(&mut stage.service, request).await?.status().as_u16())
}

#[tokio::test(start_paused = true)]
async fn every_attempt_sends_the_whole_body_and_its_trailers() {
    let mut stage = Stage::new(Policy::default());
    stage.upstream.will([status(503), status(503)]);
    let mut trailers = HeaderMap::new();
    trailers.insert("checksum", "7".parse().expect("a value"));
    let body = Frames::of(&["one ", "", "two"]).and(Ok(Frame::trailers(trailers.clone())));
    assert_eq!(put(&mut stage, body).await.expect("an answer"), 200);
    let seen = stage.upstream.seen();
    assert_eq!(seen.len(), 3);
    for attempt in seen {
        assert_eq!((attempt.body, attempt.trailers), (b"one two".to_vec(), Some(trailers.clone())));
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_after_one_that_read_a_part_sends_all_of_it() {
    let mut stage = Stage::new(Policy { attempts: 4, ..Policy::default() });
    stage.upstream.will([status(503).reading(1), status(503).reading(0), status(503).reading(2)]);
    assert_eq!(put(&mut stage, Frames::of(&["a", "b", "c"])).await.expect("an answer"), 200);
    let bodies: Vec<_> = stage.upstream.seen().into_iter().map(|seen| seen.body).collect();
    assert_eq!(bodies, [b"a".to_vec(), b"".to_vec(), b"ab".to_vec(), b"abc".to_vec()]);
}

#[tokio::test(start_paused = true)]
async fn a_body_over_the_limit_is_sent_once_and_whole() {
    let mut stage = Stage::new(Policy { body_at_most: 4, ..Policy::default() });
    stage.upstream.will([status(503)]);
    assert_eq!(put(&mut stage, Frames::of(&["abc", "de", "f"])).await.expect("an answer"), 503);
    let seen = stage.upstream.seen();
    assert_eq!((seen.len(), seen[0].body.as_slice()), (1, b"abcdef".as_slice()));
    assert_eq!((stage.ended(Ended::Body), stage.handle.budget().snapshot().granted), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_body_of_just_the_limit_is_sent_again() {
    let mut stage = Stage::new(Policy { body_at_most: 4, ..Policy::default() });
    stage.upstream.will([status(503)]);
    assert_eq!(put(&mut stage, Frames::of(&["abc", "d"])).await.expect("an answer"), 200);
    assert_eq!(stage.upstream.seen()[1].body, b"abcd");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_says_that_it_is_too_long_is_not_kept_at_all() {
    let mut stage = Stage::new(Policy { body_at_most: 4, idempotent: true, ..Policy::default() });
    stage.upstream.will([status(503)]);
    assert_eq!(stage.call(post("abcde")).await.expect("an answer"), 503);
    assert_eq!(
        (stage.upstream.seen()[0].body.as_slice(), stage.ended(Ended::Body)),
        (b"abcde".as_slice(), 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_body_that_goes_over_the_limit_in_a_later_attempt_is_still_sent_whole() {
    let mut stage = Stage::new(Policy { body_at_most: 2, ..Policy::default() });
    stage.upstream.will([status(503).reading(1), status(503)]);
    assert_eq!(put(&mut stage, Frames::of(&["a", "b", "c"])).await.expect("an answer"), 503);
    let bodies: Vec<_> = stage.upstream.seen().into_iter().map(|seen| seen.body).collect();
    assert_eq!(bodies, [b"a".to_vec(), b"abc".to_vec()]);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_is_not_sent_again() {
    let mut stage = Stage::new(Policy::default());
    stage.upstream.will([status(503)]);
    let body = Frames::of(&["a"]).and(Err("the caller left".into()));
    assert_eq!(put(&mut stage, body).await.expect("an answer"), 503);
    assert_eq!(stage.upstream.seen()[0].broken.as_deref(), Some("the caller left"));
    assert_eq!(stage.upstream.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_another_has_followed_reads_nothing_more_from_the_caller() {
    let (sender, mut bodies) = tokio::sync::mpsc::unbounded_channel();
    let keeping = tower::service_fn(move |request: Request<mesh::retry::Replay<Frames>>| {
        let _ = sender.send(request.into_body());
        async {
            Ok::<_, BoxError>(
                Response::builder().status(503).body(Full::<Bytes>::default()).expect("a response"),
            )
        }
    });
    let policy = Policy { attempts: 2, ..Policy::default() };
    let layer = mesh::retry::RetryLayer::new(policy, Http::new()).expect("a policy in its ranges");
    let request = Request::builder().method(Method::PUT).body(Frames::of(&["a", "b"])).expect("a request");
    layer.layer(keeping).oneshot(request).await.expect("an answer");
    let (mut first, mut second) =
        (bodies.recv().await.expect("a body"), bodies.recv().await.expect("a body"));
    let error = http_body_util::BodyExt::frame(&mut first).await.expect("a frame").expect_err("an error");
    assert_eq!(error.to_string(), "another attempt was made of the request");
    let whole = http_body_util::BodyExt::collect(&mut second).await.expect("a body").to_bytes();
    assert_eq!(whole, "ab");
}

#[tokio::test(start_paused = true)]
async fn how_long_a_body_is_can_be_told_of_every_attempt() {
    let (sender, mut hints) = tokio::sync::mpsc::unbounded_channel();
    let asking = tower::service_fn(move |request: Request<mesh::retry::Replay<Full<Bytes>>>| {
        let sender = sender.clone();
        async move {
            let _ = sender.send(request.body().size_hint().exact());
            let mut body = request.into_body();
            http_body_util::BodyExt::frame(&mut body).await.transpose()?;
            let _ = sender.send(body.size_hint().exact());
            Ok::<_, BoxError>(
                Response::builder().status(503).body(Full::<Bytes>::default()).expect("a response"),
            )
        }
    });
    let policy = Policy { attempts: 2, idempotent: true, ..Policy::default() };
    let layer = mesh::retry::RetryLayer::new(policy, Http::new()).expect("a policy in its ranges");
    layer.layer(asking).oneshot(post("abc")).await.expect("an answer");
    for expected in [3, 0, 3, 0] {
        assert_eq!(hints.recv().await.expect("a hint"), Some(expected));
    }
}
