//! A name that is looked up again and again.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Mutex},
};

use mesh::discovery::{
    Family, Source, Trouble,
    dns::{Host, Policy, Resolve, System, follow},
};
use tokio::time::Instant;

use super::*;

#[derive(Clone)]
enum Answer {
    Addresses(&'static [&'static str]),
    Error,
    Never,
}

/// Says what it is told to say, at last the same again and again, and keeps when it was asked.
#[derive(Clone, Default)]
struct Names {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    asked: Arc<Mutex<Vec<Instant>>>,
}

impl Names {
    fn that_say(answers: impl IntoIterator<Item = Answer>) -> Self {
        let answers = Arc::new(Mutex::new(answers.into_iter().collect()));
        Self { answers, asked: Arc::default() }
    }

    fn asked(&self) -> Vec<Instant> {
        self.asked.lock().expect("no panic").clone()
    }

    fn follow(&self) -> Source {
        let policy = Policy { jitter: 0.0, ..Policy::default() };
        follow(self.clone(), host(), policy).expect("a policy in its ranges")
    }
}

impl Resolve for Names {
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        assert_eq!((host, port), ("orders", 80));
        self.asked.lock().expect("no panic").push(Instant::now());
        let answer = {
            let mut answers = self.answers.lock().expect("no panic");
            let first = answers.pop_front().expect("an answer");
            if answers.is_empty() {
                answers.push_back(first.clone());
            }
            first
        };
        match answer {
            Answer::Addresses(addresses) => Ok(addresses.iter().map(|text| address(text)).collect()),
            Answer::Error => Err(io::Error::other("the server does not answer")),
            Answer::Never => std::future::pending().await,
        }
    }
}

fn host() -> Host {
    Host { name: "orders".into(), port: 80, family: Family::Ipv4 }
}

fn shown(source: &Source) -> Option<Vec<String>> {
    source.endpoints().borrow().as_ref().map(ready)
}

async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

#[tokio::test(start_paused = true)]
async fn a_name_is_looked_up_at_its_interval() {
    let names = Names::that_say([
        Answer::Addresses(&["10.0.0.2:80", "10.0.0.1:80"]),
        Answer::Addresses(&["10.0.0.1:80", "10.0.0.2:80", "10.0.0.1:80"]),
        Answer::Addresses(&["10.0.0.3:80"]),
    ]);
    let source = names.follow();
    assert_eq!(shown(&source), None, "that nothing is known yet is not the same as nothing");
    pass(SECOND).await;
    assert_eq!(shown(&source).expect("a set"), ["10.0.0.1:80", "10.0.0.2:80"]);
    pass(SECOND * 30).await;
    let seen = source.handle().snapshot();
    assert_eq!((seen.changes, seen.lists), (1, 2), "the same in another order, and twice, is no change");
    pass(SECOND * 30).await;
    assert_eq!(shown(&source).expect("a set"), ["10.0.0.3:80"]);
    assert_eq!(names.asked().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn errors_silence_and_empty_answers_keep_the_last_good_set_and_say_how_old_it_is() {
    let names = Names::that_say([
        Answer::Addresses(&["10.0.0.1:80"]),
        Answer::Error,
        Answer::Addresses(&[]),
        Answer::Never,
    ]);
    let source = names.follow();
    pass(SECOND * 3600).await;
    assert_eq!(shown(&source).expect("a set"), ["10.0.0.1:80"]);
    let seen = source.handle().snapshot();
    assert_eq!(seen.age, Some(SECOND * 3600));
    assert_eq!(seen.troubles(Trouble::Unreachable), 1);
    assert_eq!(seen.troubles(Trouble::Nothing), 1);
    assert!(seen.troubles(Trouble::Silent) > 10);
    assert_eq!(seen.lists, 1);
}

#[tokio::test(start_paused = true)]
async fn a_name_that_fails_is_asked_for_with_pauses_that_grow() {
    let names = Names::that_say([Answer::Error]);
    let source = names.follow();
    pass(SECOND * 600).await;
    assert_eq!(shown(&source), None);
    let asked = names.asked();
    let pauses: Vec<_> = asked.windows(2).map(|two| two[1] - two[0]).collect();
    for (attempt, pause) in pauses.iter().enumerate() {
        let least = (SECOND * (1 << attempt.min(10))).min(SECOND * 30);
        assert!((least..=least * 3 / 2 + SECOND).contains(pause), "pause {attempt}: {pause:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_with_addresses_of_both_families_is_one_endpoint() {
    let names = Names::that_say([Answer::Addresses(&["[fd00::1]:80", "10.0.0.1:80"])]);
    let source = names.follow();
    pass(SECOND).await;
    assert_eq!(shown(&source).expect("a set"), ["10.0.0.1:80"]);
    let ipv6 = Host { family: Family::Ipv6, ..host() };
    let source = follow(names.clone(), ipv6, Policy::default()).expect("a policy in its ranges");
    pass(SECOND).await;
    assert_eq!(shown(&source).expect("a set"), ["[fd00::1]:80"]);
}

#[tokio::test(start_paused = true)]
async fn who_drops_the_source_ends_its_task_and_keeps_the_last_set() {
    let names = Names::that_say([Answer::Addresses(&["10.0.0.1:80"])]);
    let source = names.follow();
    pass(SECOND).await;
    let (mut endpoints, handle) = (source.endpoints(), source.handle());
    endpoints.mark_unchanged();
    drop(source);
    pass(SECOND * 3600).await;
    assert_eq!(names.asked().len(), 1);
    assert!(endpoints.changed().await.is_err(), "who follows is told that nothing will come");
    assert_eq!(endpoints.borrow().as_ref().map(ready).expect("a set"), ["10.0.0.1:80"]);
    assert_eq!(handle.snapshot().age, Some(SECOND * 3601));
}

#[tokio::test]
async fn the_system_knows_where_it_is_itself() {
    let local = Host { name: "localhost".into(), ..host() };
    let source = follow(System, local, Policy::default()).expect("a policy in its ranges");
    let mut endpoints = source.endpoints();
    let set = endpoints.wait_for(Option::is_some).await.expect("a source that lives").clone();
    assert!(set.expect("a set").iter().all(|endpoint| endpoint.address.ip().is_loopback()));
}

#[test]
fn a_wrong_policy_is_told_field_by_field() {
    let policy = Policy { interval: SECOND / 2, jitter: 1.5, timeout: Duration::ZERO, ..Policy::default() };
    let invalid = policy.validate().expect_err("three fields");
    assert_eq!(
        invalid.problems(),
        ["`interval`: 1 s to 1 h", "`jitter`: 0 to 0.9", "`timeout`: 1 ms to 5 min"]
    );
}
