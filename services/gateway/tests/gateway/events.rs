use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::get,
};
use futures_util::{StreamExt, stream};
use http_body_util::BodyExt;
use tokio::sync::mpsc::{self, Sender};

use crate::rig::{Owners, Rig};

const EVENTS: &str = "/v1/orders/7/events";

/// Ordering with one stream of events, which says what the test sends.
fn streaming() -> (Sender<&'static str>, Option<Router>) {
    let (sender, receiver) = mpsc::channel(1);
    let events = stream::unfold(receiver, async |mut receiver: mpsc::Receiver<&str>| {
        Some((Ok::<_, io::Error>(receiver.recv().await?), receiver))
    });
    let body = Arc::new(Mutex::new(Some(Body::from_stream(events))));
    let answer = async move || {
        let body = body.lock().unwrap().take().unwrap_or_default();
        Response::builder().header("content-type", "text/event-stream").body(body).unwrap()
    };
    (sender, Some(Router::new().route("/v1/orders/{id}/events", get(answer))))
}

fn rig(ordering: Option<Router>) -> Rig {
    Rig::of(Owners { ordering, ..Owners::mirrors("rest") })
}

async fn open(rig: &Rig) -> Body {
    let request =
        Request::get(rig.at(EVENTS)).header("accept", "text/event-stream").body(Body::empty()).unwrap();
    let answer = rig.client.stream(request).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    answer.into_body()
}

#[tokio::test(start_paused = true)]
async fn events_come_as_they_happen_and_the_stream_ends_as_its_owners_does() {
    let (sender, ordering) = streaming();
    let rig = rig(ordering);
    let mut events = open(&rig).await;
    for event in ["event: status\nid: 1\n\n", ": still here\n\n", "event: outcome\nid: 2-outcome\n\n"] {
        sender.send(event).await.unwrap();
        let heard = events.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(heard, event, "one by one, before the next was sent");
    }
    drop(sender);
    assert!(events.frame().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_stream_may_take_longer_than_any_other_answer() {
    let (sender, ordering) = streaming();
    let rig = rig(ordering);
    let mut events = open(&rig).await;
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_secs(15)).await;
        sender.send(": still here\n\n").await.unwrap();
        events.frame().await.unwrap().unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_falls_silent_is_given_up() {
    let (_sender, ordering) = streaming();
    let rig = rig(ordering);
    let mut events = open(&rig).await;
    assert!(events.frame().await.unwrap().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_when_the_gateway_stops() {
    let (sender, ordering) = streaming();
    let rig = rig(ordering);
    let mut events = open(&rig).await;
    sender.send("event: status\n\n").await.unwrap();
    events.frame().await.unwrap().unwrap();
    let (stopped, rest) = tokio::join!(rig.stop(), events.frame());
    assert!(rest.is_none(), "an end, and no error: {rest:?}");
    assert!(stopped.is_clean());
    sender.closed().await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_away_ends_the_owners_stream_too() {
    let (sender, ordering) = streaming();
    let rig = rig(ordering);
    let events = open(&rig).await;
    drop(events);
    sender.closed().await;
}

#[tokio::test(start_paused = true)]
async fn a_client_resumes_where_it_was_and_hears_when_nothing_can_follow() {
    let nothing_after_two = async |headers: HeaderMap| {
        if headers["last-event-id"] == "2-outcome" { StatusCode::NO_CONTENT } else { StatusCode::OK }
    };
    let rig = rig(Some(Router::new().route("/v1/orders/{id}/events", get(nothing_after_two))));
    for (seen, status) in [("1", 200), ("2-outcome", 204)] {
        let answer = rig.send(axum::http::Method::GET, EVENTS, &[("last-event-id", seen)], "").await;
        assert_eq!(answer.status, status);
    }
}

#[tokio::test(start_paused = true)]
async fn events_are_not_held_back_until_a_buffer_is_full() {
    let (sender, ordering) = streaming();
    let rig = rig(ordering);
    let mut events = open(&rig).await.into_data_stream();
    sender.send("a").await.unwrap();
    assert_eq!(events.next().await.unwrap().unwrap(), "a");
}
