//! A load on a server of this machine that behaves and misbehaves as it is told.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use load::{Failure, Load, Mode, Rates, Request, Settings, Target};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

const WELL: &str = "HTTP/1.1 200 OK\r\nx-version: one\r\ncontent-length: 2\r\n\r\nok";
const LAST: &str = "HTTP/1.1 200 OK\r\nx-version: one\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok";

/// A server that sends these bytes for each request, and closes the connection after so many.
struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    answered: watch::Receiver<usize>,
}

impl Server {
    async fn that_says(text: &'static str, requests_per_connection: usize) -> Self {
        let listener = listen().await;
        let address = listener.local_addr().expect("it listens");
        let connections = Arc::new(AtomicUsize::new(0));
        let (counted, answered) = watch::channel(0);
        let opened = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                opened.fetch_add(1, Ordering::Relaxed);
                let counted = counted.clone();
                tokio::spawn(async move { answer(stream, text, requests_per_connection, &counted).await });
            }
        });
        Self { address, connections, answered }
    }

    /// What a load of ten requests a second in this mode has seen once so many of its requests were answered.
    async fn after(mut self, requests: usize, mode: Mode) -> (Vec<Request>, usize) {
        let load = begin(self.address, mode).await;
        self.answered.wait_for(|answered| *answered >= requests).await.expect("the server answers");
        load.stop().await;
        (load.journal().requests(0), self.connections.load(Ordering::Relaxed))
    }
}

#[expect(clippy::disallowed_methods, reason = "the load generator opens real connections")]
async fn listen() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.expect("a free port")
}

async fn answer(mut stream: TcpStream, text: &str, times: usize, counted: &watch::Sender<usize>) {
    let mut read = [0; 4096];
    for _ in 0..times {
        if stream.read(&mut read).await.is_ok_and(|count| count > 0) {
            let sent: io::Result<()> = stream.write_all(text.as_bytes()).await;
            counted.send_modify(|count| *count += usize::from(sent.is_ok()));
        }
    }
}

async fn begin(address: SocketAddr, mode: Mode) -> Load {
    let rate = |of| if of == mode { 10 } else { 0 };
    let rates =
        Rates { fresh: rate(Mode::Fresh), keep_alive: rate(Mode::KeepAlive), streams: rate(Mode::Stream) };
    let settings = Settings { timeout: Duration::from_millis(300), ..Settings::default() };
    Load::begin(&at(address), rates, &settings).await.expect("the address is known")
}

fn at(address: SocketAddr) -> [Target; 1] {
    [Target { name: "it".to_owned(), authority: address.to_string() }]
}

fn failures(requests: &[Request]) -> Vec<Option<Failure>> {
    let mut failures: Vec<_> = requests.iter().map(|request| request.failure).collect();
    failures.dedup();
    failures
}

#[tokio::test]
async fn what_is_answered_is_told_with_its_version_and_its_connection() {
    let (requests, connections) = Server::that_says(WELL, 1).await.after(3, Mode::Fresh).await;
    assert_eq!(failures(&requests), [None]);
    assert!(requests.iter().all(|request| request.version.as_deref() == Some("one")), "{requests:?}");
    assert!(requests.iter().all(|request| request.opened == request.start && request.start <= request.end));
    assert_eq!(connections, requests.len());
}

#[tokio::test]
async fn a_connection_that_is_kept_carries_many_requests() {
    let (requests, connections) = Server::that_says(WELL, usize::MAX).await.after(12, Mode::KeepAlive).await;
    assert_eq!(failures(&requests), [None]);
    assert!(connections <= 5 && requests.len() > connections, "{connections} for {}", requests.len());
    assert!(requests.iter().any(|request| request.opened < request.start));
}

#[tokio::test]
async fn a_connection_that_the_server_ends_with_a_word_is_no_failure() {
    let (requests, connections) = Server::that_says(LAST, 1).await.after(8, Mode::KeepAlive).await;
    assert_eq!((failures(&requests), connections), (vec![None], requests.len()));
}

#[tokio::test]
async fn a_connection_that_ends_before_the_first_byte_is_a_failure_and_nothing_is_sent_again() {
    let (requests, connections) = Server::that_says("", 1).await.after(3, Mode::Fresh).await;
    assert_eq!(failures(&requests), [Some(Failure::ResetBeforeFirstByte)]);
    assert_eq!(connections, requests.len());
}

#[tokio::test]
async fn an_answer_that_ends_too_early_is_cut() {
    let half = "HTTP/1.1 200 OK\r\nx-version: one\r\ncontent-length: 20\r\n\r\nok";
    let (requests, _) = Server::that_says(half, 1).await.after(2, Mode::Stream).await;
    assert_eq!(failures(&requests), [Some(Failure::Cut)]);
    assert!(requests.iter().all(|request| request.status == Some(200)));
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_a_timeout() {
    let (requests, _) = Server::that_says("", 2).await.after(2, Mode::Fresh).await;
    assert_eq!(failures(&requests), [Some(Failure::Timeout)]);
}

#[tokio::test]
async fn a_status_that_is_no_success_is_a_failure() {
    let refusal = "HTTP/1.1 503 Service Unavailable\r\nx-version: one\r\ncontent-length: 0\r\n\r\n";
    let (requests, _) = Server::that_says(refusal, 1).await.after(2, Mode::Fresh).await;
    assert_eq!(failures(&requests), [Some(Failure::Status)]);
    assert!(requests.iter().all(|request| request.status == Some(503)));
}

#[tokio::test]
async fn nobody_there_is_refused_and_the_totals_say_so() {
    let free = listen().await.local_addr().unwrap();
    let load = begin(free, Mode::Fresh).await;
    while load.journal().totals().requests < 2 {
        tokio::task::yield_now().await;
    }
    load.stop().await;
    let totals = load.journal().totals();
    assert_eq!(totals.failures, [(Failure::Refused, totals.requests)].into());
    assert_eq!(load.journal().failures().len(), totals.failed);
}

#[tokio::test]
async fn a_target_that_is_not_there_yet_is_waited_for() {
    let address = listen().await.local_addr().unwrap();
    let waiting = tokio::spawn(async move {
        load::all_answer(&at(address), &Settings::default(), Duration::from_secs(60)).await
    });
    tokio::task::yield_now().await; // the first attempt is refused
    #[expect(clippy::disallowed_methods, reason = "the load generator opens real connections")]
    let listener = TcpListener::bind(address).await.unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    answer(stream, "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n", 1, &watch::channel(0).0)
        .await;
    waiting.await.unwrap().expect("whatever it answers, it is there");
}

#[tokio::test]
async fn a_target_that_does_not_come_is_named() {
    let address = listen().await.local_addr().unwrap();
    let error = load::all_answer(&at(address), &Settings::default(), Duration::ZERO).await.unwrap_err();
    assert!(error.to_string().contains(&format!("`{address}` does not answer: Refused")), "{error}");
}
