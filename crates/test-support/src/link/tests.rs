use axum::routing::post;
use chassis::network::Network;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::*;

const LONG: Duration = Duration::from_secs(3600);

/// A service that counts how often it was asked, behind a link.
struct Counted {
    link: Link,
    client: HttpClient,
    count: Arc<AtomicU32>,
    _running: Trigger,
}

impl Counted {
    fn behind_a_link() -> Self {
        let platform = Platform { network: Network::memory(), ..Platform::system() };
        let count = Arc::new(AtomicU32::new(0));
        let listener = platform.network.listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let link = Link::to(listener.local_addr().unwrap(), &platform).unwrap();
        let counted = count.clone();
        let counting = async move |body: String| format!("{body} {}", counted.fetch_add(1, Relaxed) + 1);
        let (running, drain) = shutdown::drain();
        let router = Router::new().route("/count", post(counting));
        platform.spawn(Server::new(router, listener, Limits::default()).run(drain));
        let client = HttpClient::new(&platform, client::Options::default());
        Self { link, client, count, _running: running }
    }

    fn call(&self) -> Call {
        Call::post(format!("http://{}/count", self.link.address())).body("asked")
    }

    /// The status and the body of an answer.
    async fn ask(&self) -> (u16, String) {
        let answer = self.client.send(self.call()).await.unwrap();
        (answer.status.as_u16(), String::from_utf8(answer.body.to_vec()).unwrap())
    }

    fn count(&self) -> u32 {
        self.count.load(Relaxed)
    }
}

#[tokio::test]
async fn what_passes_is_handed_on_and_answered() {
    let counted = Counted::behind_a_link();
    assert_eq!(counted.ask().await, (200, "asked 1".to_owned()));
    assert_eq!(counted.link.disturbed(), 0);
}

#[tokio::test]
async fn what_fails_is_not_handed_on_and_what_is_lost_was() {
    let counted = Counted::behind_a_link();
    counted.link.misbehave(|_| Fate::Fail);
    assert_eq!((counted.ask().await.0, counted.count()), (500, 0));
    counted.link.misbehave(|_| Fate::Lose);
    assert_eq!((counted.ask().await.0, counted.count()), (500, 1));
    assert_eq!(counted.link.disturbed(), 2);
}

#[tokio::test]
async fn what_is_handed_on_twice_gets_the_second_answer() {
    let counted = Counted::behind_a_link();
    counted.link.misbehave(|_| Fate::Twice);
    assert_eq!(counted.ask().await, (200, "asked 2".to_owned()));
}

#[tokio::test]
async fn what_is_late_is_done_though_its_caller_does_not_hear_of_it() {
    let counted = Counted::behind_a_link();
    counted.link.misbehave(|_| Fate::Late(LONG));
    let asked = counted.client.send(counted.call().within(Duration::from_secs(1)));
    assert!(matches!(asked.await, Err(client::Error::TimedOut { sent: true, .. })));
    assert_eq!(counted.count(), 1);
}

#[tokio::test]
async fn fates_know_how_often_the_same_was_asked_for() {
    let counted = Counted::behind_a_link();
    counted.link.misbehave(|passing| if passing.nth < 3 { Fate::Fail } else { Fate::Pass });
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(counted.ask().await.0);
    }
    assert_eq!(statuses, [500, 500, 200, 200]);
}
