//! The whole answer, where that is limited.

use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, StreamBody};

use super::*;

type Frames = StreamBody<stream::BoxStream<'static, Result<Frame<Bytes>, Infallible>>>;

/// A frame at once, and no other.
pub(super) fn endless() -> Frames {
    StreamBody::new(stream::iter([frame()]).chain(stream::pending()).boxed())
}

/// A frame at once, and the last one after so long.
fn slow(time: Duration) -> Frames {
    let last = stream::once(tokio::time::sleep(time)).map(|()| frame());
    StreamBody::new(stream::iter([frame()]).chain(last).boxed())
}

fn frame() -> Result<Frame<Bytes>, Infallible> {
    Ok(Frame::data(Bytes::from_static(b"x")))
}

pub(super) async fn collect<B>(body: B) -> Result<Bytes, BoxError>
where
    B: Body<Data = Bytes, Error = BoxError>,
{
    body.collect().await.map(http_body_util::Collected::to_bytes)
}

/// What comes of an answer whose headers take half a second, and its last frame so long after that.
async fn whole(policy: Policy, time: Duration) -> Result<Bytes, BoxError> {
    let service = layer(policy).layer(service_fn(move |_: Request<()>| async move {
        tokio::time::sleep(MILLISECOND * 500).await;
        Ok::<_, Infallible>(Response::new(slow(time)))
    }));
    let response = service.oneshot(Request::new(())).await?;
    collect(response.into_body()).await
}

#[tokio::test(start_paused = true)]
async fn the_body_is_not_limited_unless_it_is_asked_for() {
    assert_eq!(whole(Policy { headers: SECOND, whole: None }, SECOND * 3_600).await.expect("a body"), "xx");
}

#[tokio::test(start_paused = true)]
async fn the_whole_is_counted_from_the_call() {
    let policy = Policy { headers: SECOND, whole: Some(SECOND * 2) };
    assert_eq!(whole(policy.clone(), MILLISECOND * 1_500).await.expect("a body"), "xx");
    let begun = Instant::now();
    let elapsed = elapsed(whole(policy, MILLISECOND * 1_501).await);
    assert_eq!((elapsed.part(), elapsed.after(), begun.elapsed()), (Part::Body, SECOND * 2, SECOND * 2));
    assert_eq!(elapsed.to_string(), "no whole answer within 2s");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_was_cut_off_has_ended() {
    let layer = layer(Policy { headers: SECOND, whole: Some(SECOND) });
    let service =
        layer.layer(service_fn(|_: Request<()>| async { Ok::<_, Infallible>(Response::new(endless())) }));
    let mut body = service.oneshot(Request::new(())).await.expect("headers").into_body();
    assert!(body.frame().await.expect("a frame").is_ok());
    assert!(body.frame().await.expect("an error").is_err());
    assert!(body.frame().await.is_none() && body.is_end_stream());
    assert_eq!(layer.handle().snapshot().body, 1);
}
