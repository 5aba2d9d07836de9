//! What the other side is told.

use super::*;

fn client() -> ClientLayer {
    ClientLayer::new(ClientPolicy { at_most: SECOND * 2, ..ClientPolicy::default() }).expect("in its ranges")
}

fn told(seen: &Seen, name: &str) -> Vec<String> {
    let request = seen.request();
    let values = request.headers().get_all(name);
    values.iter().map(|value| value.to_str().expect("text").to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn each_protocol_is_told_in_its_own_way_what_is_left() {
    let (client, seen) = (client(), Seen::default());
    client.layer(client.headers(Protocol::Grpc).layer(seen.clone())).oneshot(asking(&[])).await.expect("one");
    assert_eq!(told(&seen, "grpc-timeout"), ["2000000u"]);
    client.layer(client.headers(Protocol::Http).layer(seen.clone())).oneshot(asking(&[])).await.expect("one");
    assert_eq!(told(&seen, "x-request-timeout-ms"), ["2000"]);
}

/// A second try said what the first had had, and was waited for after the caller had gone.
#[tokio::test(start_paused = true)]
async fn each_try_is_told_what_is_left_by_then() {
    let (client, seen) = (client(), Seen::default());
    let mut service = client.headers(Protocol::Http).layer(seen.clone());
    let request = until(Deadline::after(SECOND));
    service.ready().await.expect("ready").call(request.clone()).await.expect("an answer");
    advance(MILLISECOND * 400).await;
    service.ready().await.expect("ready").call(request.clone()).await.expect("an answer");
    assert_eq!(told(&seen, "x-request-timeout-ms"), ["600"]);
    advance(Duration::from_micros(599_001)).await;
    assert!(is_out_of_time(service.ready().await.expect("ready").call(request).await));
    assert_eq!((seen.server.calls(), client.handle().snapshot().refused), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_try_is_told_no_more_than_its_own_time_out() {
    let seen = Seen::default();
    let headers = client().headers(Protocol::Http).at_most(MILLISECOND * 300);
    headers.layer(seen.clone()).oneshot(until(Deadline::after(SECOND))).await.expect("an answer");
    assert_eq!(told(&seen, "x-request-timeout-ms"), ["300"]);
    headers.layer(seen.clone()).oneshot(asking(&[])).await.expect("an answer");
    assert_eq!(told(&seen, "x-request-timeout-ms"), ["300"], "with nobody who said until when");
}

/// Both sides gave up in the same moment, and the caller never heard that the other side had.
#[tokio::test(start_paused = true)]
async fn the_other_side_gives_up_first_where_a_part_is_kept_for_the_way_back() {
    let policy = ClientPolicy { way_back_percent: 5, ..ClientPolicy::default() };
    let (client, seen) = (ClientLayer::new(policy).expect("in its ranges"), Seen::default());
    let service = client.headers(Protocol::Http).layer(seen.clone());
    service.clone().oneshot(until(Deadline::after(SECOND))).await.expect("an answer");
    assert_eq!(told(&seen, "x-request-timeout-ms"), ["950"]);
    service.oneshot(until(Deadline::after(MILLISECOND))).await.expect("an answer");
    assert_eq!(told(&seen, "x-request-timeout-ms"), ["1"], "which is the least that can be said");
}

/// A gateway that passes requests on told the next hop what its own caller had said long ago.
#[tokio::test(start_paused = true)]
async fn what_came_in_with_a_request_does_not_go_on() {
    let (client, seen) = (client(), Seen::default());
    let copied =
        asking(&[("grpc-timeout", "9S"), ("x-request-timeout-ms", "9000"), ("x-request-timeout-ms", "8000")]);
    client.layer(client.headers(Protocol::Http).layer(seen.clone())).oneshot(copied).await.expect("one");
    assert_eq!(told(&seen, "x-request-timeout-ms"), ["2000"]);
    assert!(told(&seen, "grpc-timeout").is_empty());
}

#[tokio::test(start_paused = true)]
async fn where_nobody_said_until_when_nothing_is_said() {
    let seen = Seen::default();
    client().headers(Protocol::Http).layer(seen.clone()).oneshot(asking(&[])).await.expect("an answer");
    assert!(seen.request().headers().is_empty());
}
