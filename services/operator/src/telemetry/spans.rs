//! The spans of a release: itself, its phases within it, and the writes within those. All ids follow from what they are of.

use std::time::{Duration, SystemTime};

use k8s_openapi::jiff::Timestamp;
use rollout::{Change, ConditionStatus, Object, Phase, Reason, Status, Time};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use crate::news::{About, Wrote};

/// A span that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(super) trace: [u8; 16],
    pub(super) id: [u8; 8],
    /// None for the release itself.
    pub(super) parent: Option<[u8; 8]>,
    pub(super) name: &'static str,
    pub(super) began: SystemTime,
    pub(super) ended: SystemTime,
    pub(super) failed: Option<String>,
    /// Whether it is a request to somebody else.
    pub(super) is_request: bool,
    pub(super) attributes: Vec<(&'static str, String)>,
}

/// The phase that was left, and the release if that ended with it.
pub(super) fn of_phase(about: &About, before: &Status, after: &Status) -> Vec<Span> {
    let (Some(release), Some(ended)) = (&before.release, after.since) else { return vec![] };
    if before.phase == after.phase || !is_under_way(before.phase) {
        return vec![];
    }
    let trace = Trace::of(about, release, before);
    let reason = after.reason.map_or("", Reason::word);
    let failed = matches!(after.phase, Phase::Held | Phase::SwitchingBack).then(|| after.message.clone());
    let phase = Span {
        id: trace.phase(before),
        parent: Some(trace.root()),
        name: before.phase.word(),
        began: moment(before.since.unwrap_or(ended)),
        ended: moment(ended),
        attributes: vec![
            ("switchyard.next", after.phase.word().to_owned()),
            ("switchyard.reason", reason.to_owned()),
        ],
        ..trace.span(failed.clone())
    };
    if is_under_way(after.phase) {
        return vec![phase];
    }
    let to = before.to.map_or("", |to| to.label()).to_owned();
    let went_back = before.phase == Phase::SwitchingBack;
    let release = Span {
        id: trace.root(),
        name: "release",
        began: moment(trace.began),
        ended: moment(ended),
        attributes: vec![
            ("k8s.namespace.name", about.namespace.clone()),
            ("switchyard.bluegreen", about.name.clone()),
            ("switchyard.release", release.clone()),
            ("switchyard.color", to),
            ("switchyard.reason", reason.to_owned()),
        ],
        ..trace.span(failed.or_else(|| went_back.then(|| after.message.clone())))
    };
    vec![phase, release]
}

/// Writes of a plan that has this status.
pub(super) fn of_writes(about: &About, status: &Status, writes: &[Wrote<'_>]) -> Vec<Span> {
    let Some(release) = &status.release else { return vec![] };
    let trace = Trace::of(about, release, status);
    let (now, here) = (SystemTime::from(Timestamp::now()), Instant::now());
    let at = |then: Instant| now.checked_sub(here - then).unwrap_or(now);
    let spans = writes.iter().enumerate().map(|(number, wrote)| {
        let (kind, name) = match &wrote.write.object {
            Object::Service(name) => ("Service", name),
            Object::Deployment(name) => ("Deployment", name),
            Object::Autoscaler(name) => ("HorizontalPodAutoscaler", name),
        };
        let (change, detail) = match wrote.write.change {
            Change::Point { to, .. } => ("point", to.label().to_owned()),
            Change::Seal { n } => ("seal", n.to_string()),
            Change::Scale { replicas } => ("scale", replicas.to_string()),
            Change::Floor { min, .. } => ("floor", min.to_string()),
        };
        let version = &wrote.write.version;
        Span {
            id: trace.id(&[kind, name, version, change, &detail, &number.to_string()]),
            parent: Some(if is_under_way(status.phase) { trace.phase(status) } else { trace.root() }),
            name: change,
            began: at(wrote.began),
            ended: at(wrote.ended),
            is_request: true,
            attributes: vec![
                ("k8s.object.kind", kind.to_owned()),
                ("k8s.object.name", name.clone()),
                ("switchyard.change", detail),
                ("switchyard.outcome", wrote.outcome.to_owned()),
            ],
            ..trace.span((wrote.outcome != "made").then(|| wrote.outcome.to_owned()))
        }
    });
    spans.collect()
}

fn is_under_way(phase: Phase) -> bool {
    !matches!(phase, Phase::Stable | Phase::Held)
}

/// From where the ids of a release follow.
struct Trace {
    /// Of the BlueGreen's uid and the release.
    seed: [u8; 32],
    /// When the release left `Stable` or `Held`.
    began: Time,
}

impl Trace {
    fn of(about: &About, release: &str, status: &Status) -> Self {
        let progressing = status.conditions.iter().find(|known| known.kind == "Progressing");
        let began = progressing
            .filter(|known| known.status == ConditionStatus::True)
            .map(|known| known.last_transition_time);
        Self {
            seed: digest([about.uid.as_bytes(), release.as_bytes()]),
            began: began.or(status.since).unwrap_or_default(),
        }
    }

    /// One that has only what all have.
    fn span(&self, failed: Option<String>) -> Span {
        let [trace, _] = halves(&self.seed);
        Span {
            trace,
            id: [0; 8],
            parent: None,
            name: "",
            began: SystemTime::UNIX_EPOCH,
            ended: SystemTime::UNIX_EPOCH,
            failed,
            is_request: false,
            attributes: vec![],
        }
    }

    fn root(&self) -> [u8; 8] {
        self.id(&["release", &self.began.to_string()])
    }

    fn phase(&self, status: &Status) -> [u8; 8] {
        self.id(&[status.phase.word(), &status.since.unwrap_or_default().to_string()])
    }

    fn id(&self, parts: &[&str]) -> [u8; 8] {
        let digest = digest(std::iter::once(&self.seed[..]).chain(parts.iter().map(|part| part.as_bytes())));
        let [first, ..] = digest.as_chunks().0 else { return [1; 8] };
        *first
    }
}

fn halves(digest: &[u8; 32]) -> [[u8; 16]; 2] {
    let (chunks, _) = digest.as_chunks();
    chunks.try_into().unwrap_or([[1; 16]; 2])
}

fn digest<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.len().to_le_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

fn moment(time: Time) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use rollout::{Colour, Condition, Write};

    use super::*;

    fn about() -> About {
        About { namespace: "shop".into(), name: "orders".into(), uid: "uid".into() }
    }

    /// A release that began at 1 s.
    fn status(phase: Phase, since: i64) -> Status {
        let progressing = Condition {
            kind: "Progressing".into(),
            status: is_under_way(phase).into(),
            reason: "Checking".into(),
            message: String::new(),
            last_transition_time: Time::from_millis(1_000),
            observed_generation: 1,
        };
        Status {
            phase,
            since: Some(Time::from_millis(since)),
            release: Some("0a1b".into()),
            to: Some(Colour::Green),
            reason: Some(Reason::Switched),
            conditions: vec![progressing],
            ..Status::default()
        }
    }

    fn lasted(span: &Span) -> u128 {
        span.ended.duration_since(span.began).unwrap().as_millis()
    }

    #[test]
    fn a_release_is_one_trace_of_its_phases_also_if_another_leader_goes_on_with_it() {
        let phases = [
            (Phase::Stable, 0),
            (Phase::Preparing, 1_000),
            (Phase::Switching, 5_000),
            (Phase::Draining, 5_200),
            (Phase::Stable, 9_000),
        ];
        let statuses = phases.map(|(phase, since)| status(phase, since));
        // Nothing but the two statuses is known each time.
        let spans: Vec<_> =
            statuses.windows(2).flat_map(|pair| of_phase(&about(), &pair[0], &pair[1])).collect();
        let told: Vec<_> = spans.iter().map(|span| (span.name, lasted(span))).collect();
        assert_eq!(told, [("Preparing", 4_000), ("Switching", 200), ("Draining", 3_800), ("release", 8_000)]);
        let release = spans.last().unwrap();
        assert_eq!(release.parent, None);
        assert!(spans.iter().all(|span| span.trace == release.trace && span.failed.is_none()));
        assert!(spans[..3].iter().all(|span| span.parent == Some(release.id)));
        let ids: std::collections::BTreeSet<_> = spans.iter().map(|span| span.id).collect();
        assert_eq!(ids.len(), 4);
    }

    #[test]
    fn what_goes_back_or_is_held_has_failed() {
        let verifying = status(Phase::Verifying, 6_000);
        let back = Status { message: "broken".into(), ..status(Phase::SwitchingBack, 7_000) };
        let held = Status { message: "held".into(), ..status(Phase::Held, 7_500) };
        let spans = [of_phase(&about(), &verifying, &back), of_phase(&about(), &back, &held)].concat();
        let told: Vec<_> = spans.iter().map(|span| (span.name, span.failed.as_deref().unwrap())).collect();
        assert_eq!(told, [("Verifying", "broken"), ("SwitchingBack", "held"), ("release", "held")]);
        let stable = Status { message: "went back".into(), ..status(Phase::Stable, 8_000) };
        assert_eq!(of_phase(&about(), &back, &stable)[1].failed.as_deref(), Some("went back"));
    }

    #[test]
    fn each_release_has_a_trace_of_its_own() {
        let of = |uid: &str, release: &str| {
            let mut before = status(Phase::Gating, 1_000);
            before.release = Some(release.into());
            let about = About { uid: uid.into(), ..about() };
            of_phase(&about, &before, &status(Phase::Switching, 2_000))[0].trace
        };
        assert_eq!(of("a", "1"), of("a", "1"));
        assert!(of("a", "1") != of("a", "2") && of("a", "1") != of("b", "1"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_is_within_its_phase() {
        let status = status(Phase::Switching, 5_000);
        let point = Change::Point { to: Colour::Green, n: 3 };
        let write = Write { object: Object::Service("orders".into()), version: "7".into(), change: point };
        let began = Instant::now();
        let wrote = |outcome, millis| Wrote {
            write: &write,
            outcome,
            began,
            ended: began + Duration::from_millis(millis),
        };
        let writes = [wrote("made", 4), wrote("conflict", 6)];
        tokio::time::advance(Duration::from_millis(10)).await;
        let spans = of_writes(&about(), &status, &writes);
        let phase = of_phase(&about(), &status, &self::status(Phase::Verifying, 6_000)).remove(0);
        assert!(
            spans
                .iter()
                .all(|span| span.parent == Some(phase.id) && span.trace == phase.trace && span.is_request)
        );
        let told: Vec<_> =
            spans.iter().map(|span| (span.name, lasted(span), span.failed.as_deref())).collect();
        assert_eq!(told, [("point", 4, None), ("point", 6, Some("conflict"))]);
        assert!(spans[0].id != spans[1].id);
    }
}
