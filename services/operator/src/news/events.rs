//! Events of a BlueGreen, for `kubectl describe` and `kubectl events`: on transitions only.

use std::sync::Arc;

use k8s_openapi::{
    api::{core::v1::ObjectReference, events::v1::Event},
    apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta},
    jiff::Timestamp,
};
use kube::{Api, Client, Resource, api::PostParams};
use rollout::{BlueGreen, GateState, Phase, Reason, Status};

use super::{
    About,
    outbox::{Delivery, Outbox},
};
use crate::{fetch::innermost, metrics::Told};

const CONTROLLER: &str = "switchyard.dev/operator";

/// A note takes no more, in bytes.
const NOTE: usize = 1024;

/// An object's name takes 253 signs, and an event's has 17 more.
const NAME: usize = 230;

/// What has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    /// Whether somebody should look.
    pub warning: bool,
    /// What, in a stable word: the phase that was entered, or `GatePassed`, `GateFailed`, `HeldReason`.
    pub reason: &'static str,
    /// The same in a sentence.
    pub note: String,
}

/// What has happened between two statuses: each gate that passed or failed, each new phase, and another reason to be held.
#[must_use]
pub fn happened(before: &Status, after: &Status) -> Vec<Happened> {
    let mut all: Vec<_> = after
        .gates
        .iter()
        .filter_map(|gate| {
            let known = before.release == after.release
                && before.gates.iter().any(|known| known.name == gate.name && known.state == gate.state);
            let (warning, reason, what) = match gate.state {
                _ if known => return None,
                GateState::Running => return None,
                GateState::Passed => (false, "GatePassed", "has passed"),
                GateState::Failed => (true, "GateFailed", "has failed"),
            };
            let why = if gate.message.is_empty() { ".".to_owned() } else { format!(": {}", gate.message) };
            Some(Happened { warning, reason, note: format!("Gate {} {what}{why}", gate.name) })
        })
        .collect();
    let held = |status: &Status| status.reason.filter(|_| status.phase == Phase::Held);
    if before.phase != after.phase {
        let warning = matches!(after.phase, Phase::Held | Phase::SwitchingBack);
        all.push(Happened { warning, reason: after.phase.word(), note: sentence(after) });
    } else if held(before) != held(after) {
        all.push(Happened { warning: true, reason: "HeldReason", note: sentence(after) });
    }
    all
}

fn sentence(status: &Status) -> String {
    let reason = status.reason.map_or("", Reason::word);
    let mut note = format!("{reason}: {}", status.message);
    note.truncate(note.floor_char_boundary(NOTE));
    note
}

/// Writes Events by a task of its own.
pub(super) struct Events {
    outbox: Outbox<(About, Happened, Timestamp)>,
}

impl Events {
    pub(super) fn new(client: Client, instance: String, delivery: &mut Delivery) -> Self {
        let instance: Arc<str> = instance.into();
        let outbox = delivery.outbox("events", 1, move |news| {
            let (client, instance) = (client.clone(), Arc::clone(&instance));
            async move {
                let mut told = Told::Sent;
                for (about, happened, at) in news {
                    let event = event(&about, happened, at, &instance);
                    let events: Api<Event> = Api::namespaced(client.clone(), &about.namespace);
                    if let Err(error) = events.create(&PostParams::default(), &event).await {
                        tracing::warn!(bluegreen = %about, "an Event cannot be written: {}", innermost(&error));
                        told = Told::Failed;
                    }
                }
                told
            }
        });
        Self { outbox }
    }

    pub(super) fn stored(&self, about: &About, before: &Status, after: &Status) {
        for happened in happened(before, after) {
            self.outbox.put((about.clone(), happened, Timestamp::now()));
        }
    }
}

fn event(about: &About, happened: Happened, at: Timestamp, instance: &str) -> Event {
    let name: String = about.name.chars().take(NAME).collect();
    Event {
        metadata: ObjectMeta {
            name: Some(format!("{name}.{:x}", at.as_nanosecond())),
            namespace: Some(about.namespace.clone()),
            ..ObjectMeta::default()
        },
        event_time: Some(MicroTime(at)),
        reporting_controller: Some(CONTROLLER.to_owned()),
        reporting_instance: Some(instance.chars().take(128).collect()),
        action: Some("Switchover".to_owned()),
        reason: Some(happened.reason.to_owned()),
        note: Some(happened.note),
        type_: Some(if happened.warning { "Warning" } else { "Normal" }.to_owned()),
        regarding: Some(ObjectReference {
            api_version: Some(BlueGreen::api_version(&()).into_owned()),
            kind: Some(BlueGreen::kind(&()).into_owned()),
            namespace: Some(about.namespace.clone()),
            name: Some(about.name.clone()),
            uid: Some(about.uid.clone()),
            ..ObjectReference::default()
        }),
        ..Event::default()
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use rollout::{GateStatus, Time};
    use serde_json::json;
    use tokio::time::Duration;

    use super::*;
    use crate::{
        metrics::{Metrics, Scene},
        testing::{client, refusal},
    };

    fn status(phase: Phase, reason: Reason) -> Status {
        let message = reason.sentence().to_owned();
        Status { phase, reason: Some(reason), message, release: Some("0a1b".into()), ..Status::default() }
    }

    fn gate(name: &str, state: GateState, message: &str) -> GateStatus {
        GateStatus { name: name.into(), state, since: Time::default(), message: message.into() }
    }

    fn words(happened: &[Happened]) -> Vec<(bool, &'static str)> {
        happened.iter().map(|happened| (happened.warning, happened.reason)).collect()
    }

    #[test]
    fn a_new_phase_is_told_once_with_its_reason() {
        let (before, after) =
            (status(Phase::Stable, Reason::Switched), status(Phase::Preparing, Reason::ScalingUp));
        let told = happened(&before, &after);
        let note = "ScalingUp: A new side is not yet of the size that it needs.".to_owned();
        assert_eq!(told, [Happened { warning: false, reason: "Preparing", note }]);
        assert_eq!(happened(&after, &after), []);
        let waits = status(Phase::Preparing, Reason::PodsUnready);
        assert_eq!(happened(&after, &waits), [], "what it waits for is in the status");
    }

    #[test]
    fn what_somebody_should_look_at_is_a_warning() {
        let verifies = status(Phase::Verifying, Reason::GateRunning);
        let back = status(Phase::SwitchingBack, Reason::Broken);
        let held = status(Phase::Held, Reason::Broken);
        let foreign = status(Phase::Held, Reason::ForeignChange);
        assert_eq!(words(&happened(&verifies, &back)), [(true, "SwitchingBack")]);
        assert_eq!(words(&happened(&back, &held)), [(true, "Held")]);
        assert_eq!(words(&happened(&held, &foreign)), [(true, "HeldReason")]);
        assert_eq!(words(&happened(&foreign, &status(Phase::Stable, Reason::Switched))), [(false, "Stable")]);
    }

    #[test]
    fn each_gate_is_told_once_for_a_release() {
        let mut before = status(Phase::Gating, Reason::GateRunning);
        before.gates = vec![gate("smoke", GateState::Running, "")];
        let mut after = status(Phase::Held, Reason::GateFailed);
        after.gates =
            vec![gate("smoke", GateState::Passed, ""), gate("errors", GateState::Failed, "too many")];
        let told = happened(&before, &after);
        assert_eq!(words(&told), [(false, "GatePassed"), (true, "GateFailed"), (true, "Held")]);
        assert_eq!(told[1].note, "Gate errors has failed: too many");
        assert_eq!(happened(&after, &after), []);
        let next = Status { release: Some("2c3d".into()), ..after.clone() };
        assert_eq!(words(&happened(&after, &next)), [(false, "GatePassed"), (true, "GateFailed")]);
    }

    #[test]
    fn a_note_is_no_longer_than_an_event_takes() {
        let after = Status { message: "é".repeat(1024), ..status(Phase::Held, Reason::Broken) };
        let told = happened(&status(Phase::Stable, Reason::Switched), &after);
        assert!((1000..=NOTE).contains(&told[0].note.len()));
    }

    #[tokio::test]
    async fn an_event_is_of_its_bluegreen_and_a_refused_one_is_counted() {
        let (client, asked) = client(|_, path, body| {
            if path.contains("/shop/") {
                (StatusCode::CREATED, body.clone())
            } else {
                refusal(StatusCode::FORBIDDEN, "Forbidden", "no")
            }
        });
        let metrics = Metrics::new().unwrap();
        let mut delivery = Delivery::new(metrics.clone());
        let events = Events::new(client, "operator-1".into(), &mut delivery);
        let about = About { namespace: "shop".into(), name: "orders".into(), uid: "uid".into() };
        let (before, after) =
            (status(Phase::Switching, Reason::Pointing), status(Phase::SwitchingBack, Reason::Broken));
        events.stored(&about, &before, &after);
        events.stored(&About { namespace: "closed".into(), ..about }, &before, &after);
        delivery.finish(Duration::from_secs(5)).await;
        let asked = asked.lock().unwrap();
        let (method, path, event) = &asked[0];
        assert_eq!(
            (method.as_str(), path.as_str()),
            ("POST", "/apis/events.k8s.io/v1/namespaces/shop/events?")
        );
        let regarding = json!({"apiVersion": "switchyard.dev/v1alpha1", "kind": "BlueGreen", "namespace": "shop", "name": "orders", "uid": "uid"});
        assert_eq!(event["regarding"], regarding);
        let texts = ["type", "reason", "action", "reportingController", "reportingInstance"]
            .map(|field| event[field].as_str().unwrap());
        assert_eq!(texts, ["Warning", "SwitchingBack", "Switchover", CONTROLLER, "operator-1"]);
        let text = metrics.text(&Scene::default()).unwrap();
        assert!(text.contains(r#"news_total{result="failed",to="events"} 1"#), "{text}");
    }
}
