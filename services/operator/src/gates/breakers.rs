//! No circuit breaker is open on the new side that is not open on the old one, too.

use std::collections::BTreeSet;

use futures_util::{StreamExt, stream};
use rollout::{Breakers, observed::Answer};
use serde::Deserialize;
use tokio::time::Duration;

use super::asking::Asked;
use crate::pods::{Pod, Question};

/// How often the pods are asked.
const PERIOD: Duration = Duration::from_secs(1);

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(2);

/// A pod with a thousand breakers says less.
const ANSWER_BYTES: usize = 512 * 1024;

/// So many pods are asked at once.
const AT_ONCE: usize = 16;

pub(super) async fn run(asked: &Asked, declared: &Breakers) {
    asked.every(PERIOD, || ask(asked, declared)).await;
}

async fn ask(asked: &Asked, declared: &Breakers) -> Answer {
    let (new, old) = asked.sides();
    let new = open(asked, declared, new).await;
    // While nothing is open on the new side it does not matter what is on the old one.
    let old = if new.iter().any(Told::is_open) { open(asked, declared, old).await } else { vec![] };
    judge(&new, &old)
}

async fn open(asked: &Asked, declared: &Breakers, pods: Vec<Pod>) -> Vec<Told> {
    let question = Question { port: &declared.port, path: "/mesh", timeout: TIMEOUT, most: ANSWER_BYTES };
    let reach = &asked.means.ways.pods;
    let asks = pods.into_iter().map(|pod| async move {
        let open = match reach.get(&asked.namespace, &pod, &question).await {
            Ok(reply) if reply.status.is_success() => read(&reply.body),
            Ok(reply) => Err(format!("it answers {}", reply.status.as_u16())),
            Err(unreached) => Err(unreached.to_string()),
        };
        Told { pod: pod.name, open }
    });
    stream::iter(asks).buffered(AT_ONCE).collect().await
}

/// What a pod tells of its breakers.
struct Told {
    pod: String,
    /// Those that are open, or why nothing is known of them.
    open: Result<BTreeSet<Breaker>, String>,
}

impl Told {
    fn is_open(&self) -> bool {
        self.open.as_ref().is_ok_and(|open| !open.is_empty())
    }
}

/// A breaker by what it protects from: it is the same on every pod.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
struct Breaker {
    name: String,
    target: String,
}

fn read(report: &[u8]) -> Result<BTreeSet<Breaker>, String> {
    #[derive(Deserialize)]
    struct Report {
        breakers: Vec<Stated>,
    }
    #[derive(Deserialize)]
    struct Stated {
        #[serde(flatten)]
        breaker: Breaker,
        state: String,
    }
    let report: Report =
        serde_json::from_slice(report).map_err(|_| "it does not tell of its breakers".to_owned())?;
    let is_open = |stated: &Stated| matches!(stated.state.as_str(), "open" | "forced_open");
    Ok(report.breakers.into_iter().filter(is_open).map(|stated| stated.breaker).collect())
}

fn judge(new: &[Told], old: &[Told]) -> Answer {
    let open = |told: &'_ Told| told.open.as_ref().ok().cloned().unwrap_or_default();
    let elsewhere: BTreeSet<_> = old.iter().flat_map(open).collect();
    let only_here = new.iter().find_map(|told| {
        let breaker = open(told).into_iter().find(|breaker| !elsewhere.contains(breaker))?;
        Some((&told.pod, breaker))
    });
    let silent = |told: &Told| told.open.as_ref().err().map(|why| format!("pod {}: {why}", told.pod));
    match (only_here, old.iter().find_map(silent), new.iter().find_map(silent)) {
        // Whether it is open on the old side too nobody can say.
        (Some(_), Some(why), _) | (None, _, Some(why)) => Answer::Unknown(why),
        (Some((pod, Breaker { name, target })), None, _) => {
            Answer::Bad(format!("the breaker to {name} at {target} is open on pod {pod} and on no old one"))
        }
        (None, _, None) if new.is_empty() => Answer::Unknown("no pod of the new side is ready".to_owned()),
        (None, _, None) => Answer::Good,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(pod: &str, open: Result<&[&str], &str>) -> Told {
        let breaker = |name: &&str| Breaker { name: (*name).into(), target: "10.0.0.9:80".into() };
        let open = open.map(|names| names.iter().map(breaker).collect()).map_err(str::to_owned);
        Told { pod: pod.into(), open }
    }

    #[test]
    fn only_open_breakers_count_whoever_opened_them() {
        let report = br#"{"breakers": [
            {"service": "shipping", "name": "carrier", "target": "a:1", "state": "open", "since": "2026-11-28T04:58:08Z", "refused": 81},
            {"name": "mail", "target": "a:2", "state": "forced_open"}, {"name": "stock", "target": "a:3", "state": "half_open"},
            {"name": "payment", "target": "a:4", "state": "closed"}, {"name": "x", "target": "a:5", "state": "forced_closed"},
            {"name": "y", "target": "a:6", "state": "observe"}
        ], "endpoints": [], "limits": [], "budgets": []}"#;
        let open = read(report).unwrap();
        let names: Vec<_> = open.iter().map(|breaker| breaker.name.as_str()).collect();
        assert_eq!(names, ["carrier", "mail"]);
        assert_eq!(read(b"[]"), Err("it does not tell of its breakers".into()));
    }

    #[test]
    fn one_that_is_open_on_a_new_pod_and_on_no_old_one_is_bad() {
        let new = [told("n1", Ok(&[])), told("n2", Ok(&["carrier"]))];
        let bad = "the breaker to carrier at 10.0.0.9:80 is open on pod n2 and on no old one";
        assert_eq!(judge(&new, &[told("o1", Ok(&["mail"]))]), Answer::Bad(bad.into()));
        assert_eq!(judge(&new, &[]), Answer::Bad(bad.into()));
    }

    #[test]
    fn one_that_is_open_on_an_old_pod_too_is_not_the_new_sides_fault() {
        let old = [told("o1", Ok(&[])), told("o2", Ok(&["carrier"]))];
        assert_eq!(judge(&[told("n1", Ok(&["carrier"]))], &old), Answer::Good);
        assert_eq!(judge(&[told("n1", Ok(&[]))], &[]), Answer::Good);
    }

    #[test]
    fn who_says_nothing_is_neither_good_nor_bad() {
        let unknown = |why: &str| Answer::Unknown(why.into());
        assert_eq!(judge(&[], &[]), unknown("no pod of the new side is ready"));
        let new = [told("n1", Ok(&[])), told("n2", Err("it answers 404"))];
        assert_eq!(judge(&new, &[]), unknown("pod n2: it answers 404"));
        let old = [told("o1", Err("it answers 503"))];
        assert_eq!(judge(&[told("n1", Ok(&["carrier"]))], &old), unknown("pod o1: it answers 503"));
    }

    #[test]
    fn what_one_pod_shows_is_bad_also_if_another_says_nothing() {
        let new = [told("n1", Err("it answers 404")), told("n2", Ok(&["carrier"]))];
        assert!(matches!(judge(&new, &[told("o1", Ok(&[]))]), Answer::Bad(_)));
    }
}
