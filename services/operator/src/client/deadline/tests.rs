use std::{convert::Infallible, io, time::Duration};

use futures_util::stream;
use http_body_util::{BodyExt, Collected, StreamBody};
use hyper::body::Bytes;
use tokio::time::sleep;
use tower::{ServiceExt, service_fn};

use super::*;

const TIMEOUT: Duration = Duration::from_secs(3);

/// What becomes of a request of which the answer begins after so long, and after each of these times has one more piece: the text or the words of the
/// error, and when that was known.
async fn ask(path: &str, begins: u64, pieces: &'static [u64]) -> (Result<String, String>, u128) {
    let started = Instant::now();
    let inner = service_fn(move |_: Request<()>| async move {
        sleep(Duration::from_millis(begins)).await;
        let body = stream::unfold(pieces.iter(), |mut pieces| async move {
            sleep(Duration::from_millis(*pieces.next()?)).await;
            Some((Ok::<_, Infallible>(Frame::data(Bytes::from("."))), pieces))
        });
        Ok::<_, Infallible>(Response::new(StreamBody::new(body)))
    });
    let request = Request::get(path).body(()).unwrap();
    let told = match DeadlineLayer::new(TIMEOUT).layer(inner).oneshot(request).await {
        Ok(answer) => answer.into_body().collect().await.map(Collected::to_bytes),
        Err(error) => Err(error),
    };
    let told = told.map(|bytes| String::from_utf8(bytes.to_vec()).unwrap());
    (told.map_err(|error| error.to_string()), started.elapsed().as_millis())
}

fn late() -> Result<String, String> {
    Err("no answer within 3s".to_owned())
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_in_time_is_told_whole() {
    assert_eq!(ask("/api/v1/pods", 1_000, &[500, 500]).await, (Ok("..".to_owned()), 2_000));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_begin_is_late() {
    assert_eq!(ask("/api/v1/pods", 60_000, &[]).await, (late(), 3_000));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_end_is_late_counted_from_the_request() {
    assert_eq!(ask("/api/v1/pods", 2_000, &[500, 60_000]).await, (late(), 3_000));
    assert_eq!(ask("/api/v1/pods", 0, &[900, 900, 900, 900]).await, (late(), 3_000));
}

#[tokio::test(start_paused = true)]
async fn a_watch_tells_for_as_long_as_it_likes_once_it_has_begun() {
    let watch = "/api/v1/pods?&watch=true&timeoutSeconds=60";
    assert_eq!(ask(watch, 2_000, &[30_000, 30_000]).await, (Ok("..".to_owned()), 62_000));
    assert_eq!(ask(watch, 60_000, &[]).await, (late(), 3_000));
}

#[tokio::test(start_paused = true)]
async fn what_only_speaks_of_a_watch_is_none() {
    assert_eq!(ask("/api/v1/pods?labelSelector=watch%3Dtrue", 0, &[60_000]).await, (late(), 3_000));
    assert_eq!(ask("/watch=true", 0, &[60_000]).await, (late(), 3_000));
    assert_eq!(ask("/api/v1/pods?watch=false", 0, &[60_000]).await, (late(), 3_000));
}

#[tokio::test(start_paused = true)]
async fn an_error_is_told_as_it_is() {
    let inner =
        service_fn(|_: Request<()>| async { Err::<Response<String>, _>(io::Error::other("refused")) });
    let answer = DeadlineLayer::new(TIMEOUT).layer(inner).oneshot(Request::new(())).await;
    assert_eq!(answer.map(drop).unwrap_err().to_string(), "refused");
}
