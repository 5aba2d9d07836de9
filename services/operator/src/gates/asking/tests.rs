use std::{cell::RefCell, collections::VecDeque, future::ready};

use rollout::Prometheus;
use tokio::sync::mpsc;

use super::*;
use crate::{
    fetch::Fetch,
    gates::{Ways, clock::Clock},
    metrics::Metrics,
    pods::Reach,
    testing::nothing,
};

/// A gate that lasts 10 s, and what asks for reconciles.
fn asked() -> (Asked, mpsc::Receiver<ObjectRef<BlueGreen>>) {
    let (trigger, triggered) = mpsc::channel(64);
    let ways = Ways {
        pods: Reach::direct(),
        hosts: "".parse().unwrap(),
        client: nothing(),
        metrics: Metrics::new().unwrap(),
    };
    let prometheus =
        Prometheus { url: "http://x".into(), query: "x".into(), max: "0".into(), lasts: Span::secs(10) };
    let asked = Asked {
        means: Arc::new(Means { ways, clock: Clock::start(), fetch: Fetch::new(1), trigger }),
        object: ObjectRef::new("shop").within("shop"),
        namespace: "shop".into(),
        uid: "uid".into(),
        release: "0a1b".into(),
        to: Colour::Green,
        gate: Gate { name: "errors".into(), prometheus: Some(prometheus), ..Gate::default() },
        pods: watch::channel(Pods::new()).1,
        answers: Arc::default(),
    };
    (asked, triggered)
}

/// Asks every 5 s until the answers are used up, and says how often a reconcile was asked for.
async fn heard(answers: impl IntoIterator<Item = Answer>) -> (Answers, usize) {
    let (asked, mut triggered) = asked();
    let answers = RefCell::new(VecDeque::from_iter(answers));
    let every = asked.every(Duration::from_secs(5), || {
        let next = answers.borrow_mut().pop_front();
        async move {
            match next {
                Some(answer) => ready(answer).await,
                None => std::future::pending().await,
            }
        }
    });
    let _ = tokio::time::timeout(Duration::from_secs(3600), every).await;
    let mut times = 0;
    while triggered.try_recv().is_ok() {
        times += 1;
    }
    let answers = asked.answers.lock().unwrap().clone();
    (answers, times)
}

fn lasted(answers: &Answers) -> Option<u64> {
    Some(answers.asked?.since(answers.good_since?).as_secs())
}

#[tokio::test(start_paused = true)]
async fn good_answers_last_from_the_first_to_the_last_of_them() {
    let (answers, times) = heard([Answer::Good, Answer::Good, Answer::Good, Answer::Good]).await;
    assert_eq!(lasted(&answers), Some(15));
    assert_eq!(times, 2, "when it begins to be good, and when it has lasted");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_answer_starts_anew() {
    let unknown = || Answer::Unknown("no data".into());
    let (answers, _) = heard([Answer::Good, Answer::Good, unknown(), Answer::Good, Answer::Good]).await;
    assert_eq!((lasted(&answers), answers.bad), (Some(5), None));
    let (answers, times) = heard([unknown(), unknown(), unknown()]).await;
    assert_eq!((lasted(&answers), times), (None, 1), "the same for the second time is no news");
}

#[tokio::test(start_paused = true)]
async fn the_first_bad_answer_is_the_last_question() {
    let bad = |why: &str| Answer::Bad(why.into());
    let (answers, _) = heard([Answer::Good, bad("first"), Answer::Good, bad("second")]).await;
    assert_eq!(answers.bad.as_deref(), Some("first"));
    assert_eq!(lasted(&answers), Some(5), "nothing was asked after it");
}

#[tokio::test(start_paused = true)]
async fn what_a_gate_says_is_one_short_line() {
    let (answers, _) = heard([Answer::Bad(format!("two\nlines {}", "x".repeat(300)))]).await;
    let bad = answers.bad.unwrap();
    assert!(bad.starts_with("two lines x") && bad.len() == SENTENCE, "{bad}");
}
