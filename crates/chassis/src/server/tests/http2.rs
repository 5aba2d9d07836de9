//! HTTP/2 with prior knowledge, as a client of hyper speaks it.

use std::future::poll_fn;

use axum::{
    body::{Body, to_bytes},
    http::{Request, Version},
};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::*;

/// A client of its own, and its connection, which ends when the server has said goodbye and everything was answered.
async fn client(running: &Running) -> (SendRequest<Body>, JoinHandle<hyper::Result<()>>) {
    let stream = TokioIo::new(running.connect().await);
    let (sender, connection) = handshake(TokioExecutor::new(), stream).await.unwrap();
    (sender, tokio::spawn(connection))
}

/// The body of the answer.
async fn ask(sender: &mut SendRequest<Body>) -> hyper::Result<String> {
    sender.ready().await?;
    let request = Request::get("http://test/").body(Body::empty()).unwrap();
    let answer = sender.send_request(request).await?;
    assert_eq!(answer.version(), Version::HTTP_2);
    let body = to_bytes(Body::new(answer.into_body()), 1024).await.unwrap();
    Ok(String::from_utf8(body.to_vec()).unwrap())
}

/// Waits until the client has heard that nothing more can be asked.
async fn said_goodbye(sender: &mut SendRequest<Body>) {
    while poll_fn(|context| sender.poll_ready(context)).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn who_begins_with_http2_is_answered_in_it_and_another_in_http1() {
    for network in [Network::tcp(), Network::memory()] {
        let running = run_on(network, hello(), Limits::default());
        let (mut sender, _connection) = client(&running).await;
        assert_eq!(ask(&mut sender).await.unwrap(), "hello");
        assert_eq!(ask(&mut sender).await.unwrap(), "hello");
        let mut other = running.connect().await;
        // What begins like the preface, and is none.
        other.write_all(b"PRI").await.unwrap();
        other.write_all(b"NT / HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n").await.unwrap();
        assert!(rest(&mut other).await.starts_with("HTTP/1.1 405 "));
    }
}

#[tokio::test(start_paused = true)]
async fn a_preface_that_comes_too_slowly_is_cut_off_and_so_is_silence() {
    for sent in ["", "PRI * HTTP/2"] {
        let running = run(hello(), Limits { header_read: Duration::from_secs(2), ..Limits::default() });
        let mut slow = running.connect().await;
        let asked = tokio::time::Instant::now();
        slow.write_all(sent.as_bytes()).await.unwrap();
        assert_eq!(rest(&mut slow).await, "");
        assert_eq!(asked.elapsed().as_secs(), 2, "{sent:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_has_grown_old_says_goodbye_and_answers_what_was_asked() {
    let (router, entered, leave) = slow();
    let running = run(router, Limits { connection_age: Duration::from_secs(10), ..Limits::default() });
    let (mut sender, connection) = client(&running).await;
    // As long as somebody could still ask over it, a client does not end a connection by itself.
    let _kept = sender.clone();
    let asked = tokio::spawn(async move { ask(&mut sender).await });
    entered.notified().await;
    tokio::time::advance(Duration::from_secs(11)).await;
    leave.notify_one();
    assert_eq!(asked.await.unwrap().unwrap(), "done");
    connection.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_server_that_leaves_says_goodbye_and_to_who_comes_then_after_the_first_answer() {
    let network = Network::memory();
    let (leaving, signal) = shutdown::drain();
    let server = Server::new(hello(), network.listen(ANY_PORT).unwrap(), Limits::default()).leaving(signal);
    let authority = server.local_addr().unwrap().to_string();
    let (trigger, drain) = shutdown::drain();
    let running = Running { network, authority, trigger, ended: tokio::spawn(server.run(drain)) };
    let (mut idle, idle_connection) = client(&running).await;
    assert_eq!(ask(&mut idle).await.unwrap(), "hello");

    leaving.drain();
    said_goodbye(&mut idle).await;
    idle_connection.await.unwrap().unwrap();
    let (mut late, late_connection) = client(&running).await;
    assert_eq!(ask(&mut late).await.unwrap(), "hello");
    said_goodbye(&mut late).await;
    late_connection.await.unwrap().unwrap();
}

#[tokio::test]
async fn draining_finishes_streams_in_flight_and_closes_what_is_idle() {
    let (router, entered, leave) = slow();
    let running = run(router, Limits::default());
    let (_idle, idle_connection) = client(&running).await;
    let (mut sender, connection) = client(&running).await;
    let asked = tokio::spawn(async move { ask(&mut sender).await });
    entered.notified().await;
    running.trigger.drain();
    idle_connection.await.unwrap().unwrap();
    assert!(!asked.is_finished());
    leave.notify_one();
    assert_eq!(asked.await.unwrap().unwrap(), "done");
    connection.await.unwrap().unwrap();
    running.ended.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_is_not_done_when_the_drain_ends_is_ended_with_its_connection() {
    let (kept, dropped) = tokio::sync::oneshot::channel::<()>();
    let kept = Arc::new(std::sync::Mutex::new(Some(kept)));
    let entered = Arc::new(Notify::new());
    let inside = Arc::clone(&entered);
    let handler = async move || {
        let _kept = kept.lock().unwrap().take();
        inside.notify_one();
        std::future::pending::<&str>().await
    };
    let limits = Limits { drain: Duration::from_secs(3), ..Limits::default() };
    let running = run(Router::new().route("/", get(handler)), limits);
    let (mut sender, _connection) = client(&running).await;
    let asked = tokio::spawn(async move { ask(&mut sender).await });
    entered.notified().await;
    running.trigger.drain();
    running.ended.await.unwrap();
    assert!(dropped.await.is_err(), "nothing was sent, but its sender is gone");
    assert!(asked.await.unwrap().is_err());
}
