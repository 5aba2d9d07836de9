use std::{sync::Arc, time::Duration};

use axum::{Router, routing::get};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::Notify,
    task::JoinHandle,
};

mod http2;

use super::*;
use crate::{
    network::Network,
    shutdown::{self, Trigger},
    testing::ANY_PORT,
};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: test\r\n\r\n";

/// A running server, without an edge.
struct Running {
    network: Network,
    authority: String,
    trigger: Trigger,
    ended: JoinHandle<()>,
}

fn run_on(network: Network, router: Router, limits: Limits) -> Running {
    let server = Server::new(router, network.listen(ANY_PORT).unwrap(), limits);
    let authority = server.local_addr().unwrap().to_string();
    let (trigger, drain) = shutdown::drain();
    Running { network, authority, trigger, ended: tokio::spawn(server.run(drain)) }
}

fn run(router: Router, limits: Limits) -> Running {
    run_on(Network::memory(), router, limits)
}

impl Running {
    async fn connect(&self) -> Stream {
        self.network.connect(&self.authority).await.unwrap()
    }
}

/// All that comes until the server closes the connection.
async fn rest(stream: &mut Stream) -> String {
    let mut text = String::new();
    // A reset is a close too.
    let _ = stream.read_to_string(&mut text).await;
    text
}

fn hello() -> Router {
    Router::new().route("/", get(async || "hello"))
}

/// A route that tells when it is entered, and answers when it is told to.
fn slow() -> (Router, Arc<Notify>, Arc<Notify>) {
    let (entered, leave) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (inside, released) = (entered.clone(), leave.clone());
    let handler = async move || {
        inside.notify_one();
        released.notified().await;
        "done"
    };
    (Router::new().route("/", get(handler)), entered, leave)
}

#[tokio::test]
async fn a_request_is_answered_over_real_tcp() {
    let running = run_on(Network::tcp(), hello(), Limits::default());
    let mut stream = running.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n").await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("hello"), "{answer}");
    running.trigger.drain();
    running.ended.await.unwrap();
}

#[tokio::test]
async fn draining_refuses_new_connections_closes_idle_ones_and_finishes_what_is_in_flight() {
    let (router, entered, leave) = slow();
    let running = run(router, Limits::default());
    let mut idle = running.connect().await;
    let mut busy = running.connect().await;
    busy.write_all(REQUEST).await.unwrap();
    entered.notified().await;
    running.trigger.drain();
    assert_eq!(rest(&mut idle).await, "");
    while running.network.connect(&running.authority).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!running.ended.is_finished());
    leave.notify_one();
    assert!(rest(&mut busy).await.ends_with("done"));
    running.ended.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_still_in_flight_at_the_deadline_is_aborted() {
    let (router, entered, _leave) = slow();
    let running = run(router, Limits { drain: Duration::from_secs(3), ..Limits::default() });
    let mut busy = running.connect().await;
    busy.write_all(REQUEST).await.unwrap();
    entered.notified().await;
    let asked = tokio::time::Instant::now();
    running.trigger.drain();
    assert_eq!(rest(&mut busy).await, "");
    running.ended.await.unwrap();
    assert_eq!(asked.elapsed(), Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_sends_its_head_too_slowly_is_cut_off() {
    let running = run(hello(), Limits { header_read: Duration::from_secs(2), ..Limits::default() });
    let mut slow = running.connect().await;
    slow.write_all(b"GET / HT").await.unwrap();
    let asked = tokio::time::Instant::now();
    let answer = rest(&mut slow).await;
    assert!(!answer.contains("hello"));
    assert_eq!(asked.elapsed().as_secs(), 2);
}

/// The head and body of one answer to [`hello`], of a connection that may go on.
async fn answer(stream: &mut Stream) -> String {
    let mut text = Vec::new();
    while !text.ends_with(b"hello") {
        text.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(text).unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_first_answer_of_an_old_connection_says_that_it_is_the_last() {
    let running = run(hello(), Limits { connection_age: Duration::from_secs(10), ..Limits::default() });
    let mut kept = running.connect().await;
    kept.write_all(REQUEST).await.unwrap();
    assert!(!answer(&mut kept).await.contains("connection: close"));
    tokio::time::advance(Duration::from_secs(11)).await;
    kept.write_all(REQUEST).await.unwrap();
    let last = rest(&mut kept).await;
    assert!(last.contains("connection: close\r\n") && last.ends_with("hello"), "{last}");
}

#[tokio::test]
async fn a_server_that_leaves_answers_as_before_and_lets_nobody_keep_a_connection() {
    let network = Network::memory();
    let (leaving, signal) = shutdown::drain();
    let server = Server::new(hello(), network.listen(ANY_PORT).unwrap(), Limits::default()).leaving(signal);
    let authority = server.local_addr().unwrap().to_string();
    let (_trigger, drain) = shutdown::drain();
    tokio::spawn(server.run(drain));
    let mut kept = network.connect(&authority).await.unwrap();
    kept.write_all(REQUEST).await.unwrap();
    answer(&mut kept).await;
    leaving.drain();
    // Over the connection that was kept, and over one that is new.
    let mut new = network.connect(&authority).await.unwrap();
    for stream in [&mut kept, &mut new] {
        stream.write_all(REQUEST).await.unwrap();
        let last = rest(stream).await;
        assert!(last.contains("connection: close\r\n") && last.ends_with("hello"), "{last}");
    }
}

#[tokio::test(start_paused = true)]
async fn connections_that_began_together_do_not_end_together() {
    let network = Network::memory();
    let server = Server::new(hello(), network.listen(ANY_PORT).unwrap(), Limits::default());
    let server = server.aging(Random::seeded(7));
    let age = |leaving: Leaving| leaving.old_at() - tokio::time::Instant::now();
    let ages: std::collections::BTreeSet<_> = (0..100).map(|_| age(server.leaving_of_one())).collect();
    assert_eq!(ages.len(), 100);
    assert!(*ages.first().unwrap() >= Duration::from_secs(27));
    assert!(*ages.last().unwrap() <= Duration::from_secs(33));
}

#[tokio::test]
async fn a_connection_beyond_the_bound_waits_for_a_place() {
    let (router, entered, leave) = slow();
    let running = run(router, Limits { connections: 1, ..Limits::default() });
    let mut first = running.connect().await;
    first.write_all(b"GET / HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n").await.unwrap();
    entered.notified().await;
    let mut second = running.connect().await;
    second.write_all(REQUEST).await.unwrap();
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    leave.notify_one();
    assert!(rest(&mut first).await.ends_with("done"));
    drop(first);
    entered.notified().await; // the second's turn
    leave.notify_one();
    running.trigger.drain();
    assert!(rest(&mut second).await.ends_with("done"));
}

#[tokio::test]
async fn nonsense_is_400_and_the_server_goes_on() {
    let running = run(hello(), Limits::default());
    let mut nonsense = running.connect().await;
    nonsense.write_all(b"\x16\x03\x01 nonsense\r\n\r\n").await.unwrap();
    assert!(rest(&mut nonsense).await.starts_with("HTTP/1.1 400"));
    let mut sound = running.connect().await;
    sound.write_all(b"GET / HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n").await.unwrap();
    assert!(rest(&mut sound).await.ends_with("hello"));
}
