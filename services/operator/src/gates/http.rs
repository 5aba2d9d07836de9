//! Each ready new pod answers with the status that is expected.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};
use rollout::{Http, observed::Answer};
use tokio::time::sleep;

use super::asking::Asked;
use crate::{
    fetch::Reply,
    pods::{Pod, Question, Unreached},
};

/// So many pods are asked at once.
const AT_ONCE: usize = 16;

pub(super) async fn run(asked: &Asked, declared: &Http) {
    let mut tally = Tally::default();
    loop {
        let (pods, _) = asked.sides();
        for (pod, answer) in round(asked, declared, tally.outstanding(&pods)).await {
            tally.judge(declared, &pod, answer);
        }
        // The pods may have changed in the meantime.
        let answer = tally.answer(&asked.sides().0);
        let is_good = answer == Answer::Good;
        if !asked.hear(answer).await || is_good {
            return;
        }
        sleep(declared.interval.into()).await;
    }
}

async fn round(asked: &Asked, declared: &Http, pods: Vec<Pod>) -> Vec<(Pod, Result<Reply, Unreached>)> {
    let question =
        Question { port: &declared.port, path: &declared.path, timeout: declared.timeout.into(), most: 0 };
    let reach = &asked.means.ways.pods;
    let asks = pods.into_iter().map(|pod| async move {
        let answer = reach.get(&asked.namespace, &pod, &question).await;
        (pod, answer)
    });
    stream::iter(asks).buffer_unordered(AT_ONCE).collect().await
}

/// What the pods, by uid, have answered so far.
#[derive(Default)]
struct Tally {
    good: BTreeSet<String>,
    /// How often in vain, and why the last time.
    tried: BTreeMap<String, (u16, String)>,
    failed: Option<String>,
}

impl Tally {
    /// The pods that have not yet answered as expected.
    fn outstanding(&self, pods: &[Pod]) -> Vec<Pod> {
        pods.iter().filter(|pod| !self.good.contains(&pod.uid)).cloned().collect()
    }

    fn judge(&mut self, declared: &Http, pod: &Pod, answer: Result<Reply, Unreached>) {
        let why = match answer {
            Ok(reply) if reply.status == declared.expect => {
                self.good.insert(pod.uid.clone());
                return;
            }
            Ok(reply) => format!("it answers {} instead of {}", reply.status.as_u16(), declared.expect),
            Err(unreached) => unreached.to_string(),
        };
        let (tries, last) = self.tried.entry(pod.uid.clone()).or_default();
        *tries += 1;
        if *tries >= declared.attempts {
            let after =
                if *tries == 1 { "after one attempt".into() } else { format!("after {tries} attempts") };
            self.failed.get_or_insert_with(|| format!("pod {} {after}: {why}", pod.name));
        }
        *last = why;
    }

    /// What that means for the pods that there are now.
    fn answer(&self, pods: &[Pod]) -> Answer {
        if let Some(failed) = &self.failed {
            return Answer::Bad(failed.clone());
        }
        let outstanding = self.outstanding(pods);
        let Some(first) = outstanding.first() else {
            return if pods.is_empty() {
                Answer::Unknown("no pod of the new side is ready".to_owned())
            } else {
                Answer::Good
            };
        };
        let passed = pods.len() - outstanding.len();
        let why = self.tried.get(&first.uid).map_or("it is not asked yet", |(_, why)| why);
        Answer::Unknown(format!("{passed} of {} pods have passed; pod {}: {why}", pods.len(), first.name))
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use hyper::body::Bytes;
    use rollout::Span;

    use super::*;

    fn declared(attempts: u16) -> Http {
        Http {
            port: "admin".into(),
            path: "/readyz".into(),
            expect: 200,
            attempts,
            interval: Span::secs(1),
            timeout: Span::secs(2),
        }
    }

    fn pod(name: &str) -> Pod {
        Pod { name: name.into(), uid: format!("uid-{name}"), ip: None, ports: BTreeMap::new() }
    }

    fn status(code: u16) -> Result<Reply, Unreached> {
        Ok(Reply { status: StatusCode::from_u16(code).unwrap(), body: Bytes::new() })
    }

    #[test]
    fn every_pod_has_to_answer_as_expected_and_once_is_enough() {
        let (declared, pods) = (declared(3), [pod("a"), pod("b")]);
        let mut tally = Tally::default();
        assert_eq!(tally.answer(&[]), Answer::Unknown("no pod of the new side is ready".into()));
        tally.judge(&declared, &pods[0], status(200));
        tally.judge(&declared, &pods[1], status(503));
        let waits = "1 of 2 pods have passed; pod b: it answers 503 instead of 200";
        assert_eq!(tally.answer(&pods), Answer::Unknown(waits.into()));
        assert_eq!(tally.outstanding(&pods), [pod("b")]);
        tally.judge(&declared, &pods[1], status(200));
        assert_eq!(tally.answer(&pods), Answer::Good);
    }

    #[test]
    fn a_pod_that_used_up_its_attempts_fails_the_gate_also_if_it_is_gone() {
        let declared = declared(2);
        let mut tally = Tally::default();
        tally.judge(&declared, &pod("a"), Err(Unreached::NoPort("admin".into())));
        assert!(matches!(tally.answer(&[pod("a")]), Answer::Unknown(_)));
        tally.judge(&declared, &pod("a"), status(500));
        let bad = "pod a after 2 attempts: it answers 500 instead of 200";
        assert_eq!(tally.answer(&[pod("b")]), Answer::Bad(bad.into()));
    }

    #[test]
    fn a_pod_that_comes_later_is_asked_too_and_one_that_is_gone_is_not_waited_for() {
        let declared = declared(9);
        let mut tally = Tally::default();
        tally.judge(&declared, &pod("a"), status(200));
        tally.judge(&declared, &pod("b"), status(404));
        assert_eq!(tally.answer(&[pod("a")]), Answer::Good);
        let waits = "1 of 2 pods have passed; pod c: it is not asked yet";
        assert_eq!(tally.answer(&[pod("a"), pod("c")]), Answer::Unknown(waits.into()));
    }
}
