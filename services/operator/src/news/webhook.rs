//! A webhook: one POST for each transition.

use std::{fmt, str::FromStr};

use http::{Request, StatusCode, Uri, uri::Scheme};
use http_body_util::Full;
use rollout::{Colour, Phase, Reason, Status, Time};
use serde::Serialize;
use tokio::time::{Duration, sleep};

use super::{
    About,
    outbox::{Delivery, Outbox},
};
use crate::{
    fetch::{Fetch, Reply, Unanswered},
    metrics::Told,
};

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// What is waited for before each attempt. Meanwhile the next transitions wait, so that they arrive in order.
const PAUSES: [Duration; 3] = [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(4)];

/// Where transitions are posted: an `http` or `https` address. It may be a secret, and is shown nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Webhook(Uri);

/// An address that is none for a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an address such as https://hooks.example/releases")]
pub struct InvalidWebhook;

impl FromStr for Webhook {
    type Err = InvalidWebhook;

    fn from_str(text: &str) -> Result<Self, InvalidWebhook> {
        let uri: Uri = text.parse().map_err(|_| InvalidWebhook)?;
        let spoken = [Some(&Scheme::HTTP), Some(&Scheme::HTTPS)].contains(&uri.scheme());
        (spoken && uri.host().is_some()).then_some(Self(uri)).ok_or(InvalidWebhook)
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Webhook(…)")
    }
}

/// What is posted, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Transition {
    /// The BlueGreen's namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// The hash that tells this release from every other.
    pub release: Option<String>,
    /// The colour that the release brings the traffic to.
    pub colour: Option<Colour>,
    /// The phase that was left.
    pub from: Phase,
    /// The phase that was entered.
    pub to: Phase,
    /// Why, in a stable word.
    pub reason: Option<Reason>,
    /// The same in a sentence.
    pub message: String,
    /// When.
    pub at: Option<Time>,
}

impl Transition {
    /// Between two statuses; none if the phase is the same.
    #[must_use]
    pub fn between(about: &About, before: &Status, after: &Status) -> Option<Self> {
        (before.phase != after.phase).then(|| Self {
            namespace: about.namespace.clone(),
            name: about.name.clone(),
            uid: about.uid.clone(),
            release: after.release.clone(),
            colour: after.to,
            from: before.phase,
            to: after.phase,
            reason: after.reason,
            message: after.message.clone(),
            at: after.since,
        })
    }
}

/// Posts transitions, one after the other, by a task of its own.
pub(super) struct Notify {
    outbox: Outbox<Transition>,
}

impl Notify {
    pub(super) fn new(webhook: Webhook, delivery: &mut Delivery) -> Self {
        let fetch = Fetch::new(1);
        let outbox = delivery.outbox("webhook", 1, move |news| {
            let (fetch, webhook) = (fetch.clone(), webhook.clone());
            async move {
                let mut told = Told::Sent;
                for transition in news {
                    if post(&fetch, &webhook, &transition).await == Told::Failed {
                        told = Told::Failed;
                    }
                }
                told
            }
        });
        Self { outbox }
    }

    pub(super) fn stored(&self, about: &About, before: &Status, after: &Status) {
        if let Some(transition) = Transition::between(about, before, after) {
            self.outbox.put(transition);
        }
    }
}

async fn post(fetch: &Fetch, webhook: &Webhook, transition: &Transition) -> Told {
    let Ok(body) = serde_json::to_vec(transition) else { return Told::Failed };
    let mut why = String::new();
    for pause in PAUSES {
        sleep(pause).await;
        let request = Request::post(webhook.0.clone())
            .header("content-type", "application/json")
            .body(Full::from(body.clone()));
        let Ok(request) = request else { return Told::Failed };
        match judge(fetch.send(request, TIMEOUT, 0).await) {
            Ok(()) => return Told::Sent,
            Err(Refusal { is_final, said }) => {
                why = said;
                if is_final {
                    break;
                }
            }
        }
    }
    let Transition { namespace, name, from, to, .. } = transition;
    tracing::warn!(bluegreen = %format_args!("{namespace}/{name}"), "the webhook was not told of {from} to {to}: {why}");
    Told::Failed
}

struct Refusal {
    /// Whether another attempt would be in vain.
    is_final: bool,
    said: String,
}

fn judge(answer: Result<Reply, Unanswered>) -> Result<(), Refusal> {
    match answer {
        Ok(reply) if reply.status.is_success() => Ok(()),
        Ok(reply) => {
            let again = reply.status.is_server_error() || reply.status == StatusCode::TOO_MANY_REQUESTS;
            Err(Refusal { is_final: !again, said: format!("it answers {}", reply.status.as_u16()) })
        }
        Err(unanswered) => Err(Refusal { is_final: false, said: unanswered.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::{Json, Router, routing::post};
    use serde_json::{Value, json};

    use super::*;
    use crate::{metrics::Metrics, testing::serve};

    #[test]
    fn a_webhook_is_an_address_that_is_shown_nowhere() {
        let webhook: Webhook = "https://hooks.example/secret-token".parse().unwrap();
        assert_eq!(format!("{webhook:?}"), "Webhook(…)");
        for bad in ["", "hooks.example", "ftp://hooks.example", "/releases", "https://"] {
            assert_eq!(bad.parse::<Webhook>(), Err(InvalidWebhook), "{bad}");
        }
    }

    fn status(phase: Phase, at: i64) -> Status {
        Status {
            phase,
            since: Some(Time::from_millis(at)),
            release: Some("0a1b".into()),
            to: Some(Colour::Green),
            reason: Some(Reason::Pointing),
            message: "The Services are pointed at their new side.".into(),
            ..Status::default()
        }
    }

    #[tokio::test]
    async fn each_transition_is_posted_once_and_nothing_else() {
        let heard = Arc::new(Mutex::new(vec![]));
        let hears = Arc::clone(&heard);
        let router = Router::new()
            .route("/hook", post(async move |Json(body): Json<Value>| hears.lock().unwrap().push(body)));
        let mut delivery = Delivery::new(Metrics::new().unwrap());
        let notify = Notify::new(format!("http://{}/hook", serve(router)).parse().unwrap(), &mut delivery);
        let about = About { namespace: "shop".into(), name: "orders".into(), uid: "uid".into() };
        notify.stored(&about, &status(Phase::Gating, 0), &status(Phase::Switching, 1_764_300_000_250));
        notify.stored(&about, &status(Phase::Switching, 0), &status(Phase::Switching, 1));
        delivery.finish(Duration::from_secs(5)).await;
        let expected = json!({
            "namespace": "shop", "name": "orders", "uid": "uid", "release": "0a1b", "colour": "green",
            "from": "Gating", "to": "Switching", "reason": "Pointing",
            "message": "The Services are pointed at their new side.", "at": "2025-11-28T03:20:00.250Z",
        });
        assert_eq!(*heard.lock().unwrap(), [expected]);
    }

    fn tried_again(answer: Result<u16, Unanswered>) -> Option<bool> {
        let reply =
            |status| Reply { status: StatusCode::from_u16(status).unwrap(), body: hyper::body::Bytes::new() };
        judge(answer.map(reply)).err().map(|refusal| !refusal.is_final)
    }

    #[test]
    fn only_what_may_succeed_is_tried_again() {
        assert_eq!([200, 204].map(|status| tried_again(Ok(status))), [None, None]);
        assert_eq!([500, 503, 429].map(|status| tried_again(Ok(status))), [Some(true); 3]);
        assert_eq!([302, 400, 404, 410].map(|status| tried_again(Ok(status))), [Some(false); 4]);
        assert_eq!(tried_again(Err(Unanswered::TimedOut(TIMEOUT))), Some(true));
    }
}
