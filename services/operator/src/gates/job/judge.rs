//! What a Job's state says, and what its pods say of it.

use k8s_openapi::api::{
    batch::v1::{Job, JobCondition},
    core::v1::{ContainerState, Pod},
};
use rollout::observed::Answer;

/// Judges a Job; `said` is what its pods said last, and `overdue` whether it should have ended long since.
pub(super) fn judge(name: &str, job: &Job, said: Option<&str>, overdue: bool) -> Answer {
    let conditions = job.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    let holds = |kind: &str| conditions.iter().find(|known| known.type_ == kind && known.status == "True");
    let said = said.map_or_else(String::new, |said| format!("; {said}"));
    if holds("Complete").is_some() {
        return Answer::Good;
    }
    // With the latter it is bound to fail: only its pods are not gone yet.
    if let Some(failed) = holds("Failed").or_else(|| holds("FailureTarget")) {
        return Answer::Bad(format!("Job {name}: {}{said}", words(failed)));
    }
    if overdue {
        return Answer::Bad(format!("Job {name} has not ended in time{said}"));
    }
    Answer::Unknown(format!("Job {name} runs{said}"))
}

fn words(condition: &JobCondition) -> String {
    let said = [&condition.reason, &condition.message].into_iter().flatten().filter(|text| !text.is_empty());
    let said: Vec<_> = said.map(String::as_str).collect();
    if said.is_empty() { "failed".to_owned() } else { said.join(": ") }
}

/// Why a pod does not get on, in its own words.
pub(super) fn reason(pod: &Pod) -> Option<String> {
    let name = pod.metadata.name.as_deref().unwrap_or_default();
    let status = pod.status.as_ref()?;
    let containers =
        [&status.init_container_statuses, &status.container_statuses].into_iter().flatten().flatten();
    let mut of_a_container = containers.filter_map(|container| {
        let states = [&container.state, &container.last_state].into_iter().flatten();
        // Why it ended says more than that it is waited with the next attempt.
        let (ended, waits) = (states.clone().find_map(ended), states.clone().find_map(waits));
        Some(format!("container {}: {}", container.name, ended.or(waits)?))
    });
    let of_the_pod = status.reason.clone();
    let why = of_the_pod.or_else(|| of_a_container.next()).or_else(|| unscheduled(pod))?;
    Some(format!("pod {name}: {why}"))
}

fn ended(state: &ContainerState) -> Option<String> {
    let ended = state.terminated.as_ref().filter(|ended| ended.exit_code != 0)?;
    let message = ended.message.as_deref().map(str::trim).filter(|message| !message.is_empty());
    let reason = ended.reason.as_deref().unwrap_or("Error");
    let message = message.map_or_else(String::new, |message| format!(": {message}"));
    Some(format!("{reason}, exit code {}{message}", ended.exit_code))
}

fn waits(state: &ContainerState) -> Option<String> {
    let reason = state.waiting.as_ref()?.reason.as_deref()?;
    (!matches!(reason, "ContainerCreating" | "PodInitializing")).then(|| reason.to_owned())
}

fn unscheduled(pod: &Pod) -> Option<String> {
    let conditions = pod.status.as_ref()?.conditions.as_deref()?;
    let scheduled =
        conditions.iter().find(|known| known.type_ == "PodScheduled" && known.status == "False")?;
    Some(
        scheduled
            .message
            .clone()
            .or_else(|| scheduled.reason.clone())
            .unwrap_or_else(|| "unscheduled".to_owned()),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn judged(conditions: &Value, said: Option<&str>, overdue: bool) -> Answer {
        let job =
            serde_json::from_value(json!({"metadata": {}, "status": {"conditions": conditions}})).unwrap();
        judge("check", &job, said, overdue)
    }

    #[test]
    fn a_job_passes_once_it_is_complete_and_fails_once_it_is_bound_to() {
        let complete = json!([
            {"type": "SuccessCriteriaMet", "status": "True"}, {"type": "Complete", "status": "True"}
        ]);
        assert_eq!(judged(&complete, None, true), Answer::Good);
        let failing = json!([{
            "type": "FailureTarget", "status": "True", "reason": "BackoffLimitExceeded",
            "message": "Job has reached the specified backoff limit",
        }]);
        let bad = "Job check: BackoffLimitExceeded: Job has reached the specified backoff limit; pod check-x: container \
                   check: Error, exit code 3";
        let said = Some("pod check-x: container check: Error, exit code 3");
        assert_eq!(judged(&failing, said, false), Answer::Bad(bad.into()));
        assert_eq!(
            judged(&json!([{"type": "Failed", "status": "True"}]), None, false),
            Answer::Bad("Job check: failed".into())
        );
    }

    #[test]
    fn a_job_that_runs_is_unknown_until_it_should_have_ended() {
        let runs = json!([{"type": "Suspended", "status": "False"}]);
        assert_eq!(judged(&runs, None, false), Answer::Unknown("Job check runs".into()));
        let late = Answer::Bad("Job check has not ended in time; pod x: ImagePullBackOff".into());
        assert_eq!(judged(&runs, Some("pod x: ImagePullBackOff"), true), late);
    }

    fn said(status: &Value) -> Option<String> {
        reason(&serde_json::from_value(json!({"metadata": {"name": "check-x"}, "status": status})).unwrap())
    }

    #[test]
    fn a_pod_says_itself_why_it_does_not_get_on() {
        let container = |state: &Value, last: &Value| {
            json!({"containerStatuses": [{
                "name": "check", "image": "", "imageID": "", "ready": false, "restartCount": 0, "state": state, "lastState": last,
            }]})
        };
        let ended =
            json!({"terminated": {"exitCode": 3, "reason": "Error", "message": "2 orders are lost\n"}});
        let crash_loop = json!({"waiting": {"reason": "CrashLoopBackOff"}});
        let cases = [
            (json!({}), None),
            (container(&json!({"running": {}}), &json!({})), None),
            (container(&json!({"terminated": {"exitCode": 0}}), &json!({})), None),
            (container(&json!({"waiting": {"reason": "ContainerCreating"}}), &json!({})), None),
            (
                container(&json!({"waiting": {"reason": "ImagePullBackOff"}}), &json!({})),
                Some("pod check-x: container check: ImagePullBackOff"),
            ),
            (
                container(&ended, &json!({})),
                Some("pod check-x: container check: Error, exit code 3: 2 orders are lost"),
            ),
            (
                container(&crash_loop, &ended),
                Some("pod check-x: container check: Error, exit code 3: 2 orders are lost"),
            ),
            (json!({"reason": "Evicted"}), Some("pod check-x: Evicted")),
            (
                json!({"conditions": [{"type": "PodScheduled", "status": "False", "message": "0/1 nodes are available"}]}),
                Some("pod check-x: 0/1 nodes are available"),
            ),
        ];
        for (status, expected) in cases {
            assert_eq!(said(&status).as_deref(), expected, "{status}");
        }
    }
}
