//! The same over HTTP/2: a GOAWAY where HTTP/1 says `Connection: close`.

use std::{future::ready, time::Duration};

use axum::{body::Body, http::Request};
use http_body_util::BodyExt;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep},
};

use crate::rig::{Stream, demo};

/// A connection, which ends when the server has said goodbye and everything was answered.
async fn begin(stream: Stream) -> (SendRequest<Body>, JoinHandle<hyper::Result<()>>) {
    let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    (sender, tokio::spawn(connection))
}

async fn ask(sender: &mut SendRequest<Body>, path: &str) -> hyper::Result<String> {
    let request = Request::get(format!("http://demo{path}")).body(Body::empty()).unwrap();
    let body = sender.send_request(request).await?.into_body().collect().await?;
    Ok(String::from_utf8(body.to_bytes().to_vec()).unwrap())
}

#[tokio::test(start_paused = true)]
async fn when_it_stops_what_is_asked_is_answered_and_every_connection_ends() {
    let rig = demo("{}");
    let (network, authority) = (rig.platform.network.clone(), rig.app.address().to_string());
    let (mut kept, kept_connection) = begin(rig.connect().await).await;
    let mut streaming = kept.clone();
    assert!(ask(&mut kept, "/").await.unwrap().contains(r#""version":"2""#));
    let stream = tokio::spawn(async move { ask(&mut streaming, "/stream?seconds=12").await });
    sleep(Duration::from_millis(1)).await;

    let began = Instant::now();
    let stopping = tokio::spawn(rig.app.run_until(ready(())));
    sleep(Duration::from_millis(4900)).await;
    let (mut late, late_connection) = begin(network.connect(&authority).await.unwrap()).await;
    assert!(ask(&mut late, "/").await.unwrap().contains(r#""version":"2""#));
    late_connection.await.unwrap().unwrap();
    assert!(began.elapsed().as_secs() < 5, "it ends behind its first answer");

    assert_eq!(stream.await.unwrap().unwrap().matches("2 green\n").count(), 120);
    kept_connection.await.unwrap().unwrap();
    assert!(ask(&mut kept, "/").await.is_err());
    assert!(stopping.await.unwrap().is_clean());
}

#[tokio::test(start_paused = true)]
async fn a_connection_ends_by_itself_within_33_seconds_whether_it_is_used_or_not() {
    let rig = demo("{}");
    let (mut kept, connection) = begin(rig.connect().await).await;
    let began = Instant::now();
    assert!(ask(&mut kept, "/").await.is_ok());
    connection.await.unwrap().unwrap();
    assert!((27..=33).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
}
