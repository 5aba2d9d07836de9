//! The Job that a CronJob's template makes for a release.

use k8s_openapi::{
    api::batch::v1::{CronJob, Job},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use rollout::Span;

/// Says for which gate of which release a Job was made.
const MARK: &str = "switchyard.dev/gate";

/// How long a Job stays after its end at least, in seconds: a leader that was away so long still finds it.
const KEPT_AT_LEAST: i32 = 600;

/// How long it stays unless its template says otherwise, in seconds: long enough to read its logs.
const KEPT: i32 = 3600;

/// The Job, which ends by its own deadline and is removed by the API server.
pub(super) fn job(cron_job: CronJob, name: &str, mark: &str, timeout: Span) -> Job {
    let template = cron_job.spec.unwrap_or_default().job_template;
    let given = template.metadata.unwrap_or_default();
    let mut annotations = given.annotations.unwrap_or_default();
    annotations.insert(MARK.to_owned(), mark.to_owned());
    let mut spec = template.spec.unwrap_or_default();
    let deadline = i64::try_from(timeout.as_millis().div_ceil(1000)).unwrap_or(i64::MAX);
    spec.active_deadline_seconds =
        Some(spec.active_deadline_seconds.map_or(deadline, |own| own.min(deadline)));
    let kept = spec.ttl_seconds_after_finished.unwrap_or(KEPT);
    spec.ttl_seconds_after_finished = Some(kept.max(KEPT_AT_LEAST));
    Job {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            labels: given.labels,
            annotations: Some(annotations),
            ..ObjectMeta::default()
        },
        spec: Some(spec),
        status: None,
    }
}

/// For what a Job was made.
pub(super) fn mark(job: &Job) -> Option<&String> {
    job.metadata.annotations.as_ref()?.get(MARK)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn made(job_spec: serde_json::Value, timeout: Span) -> Job {
        let cron_job = json!({
            "metadata": {"name": "check-orders", "labels": {"of": "the CronJob"}},
            "spec": {"schedule": "@yearly", "suspend": true, "jobTemplate": {
                "metadata": {"labels": {"app": "check"}, "annotations": {"note": "kept"}}, "spec": job_spec,
            }},
        });
        job(serde_json::from_value(cron_job).unwrap(), "migration-0a1b", "uid/0a1b/migration", timeout)
    }

    #[test]
    fn the_templates_job_has_the_releases_name_and_says_whose_it_is() {
        let pods = json!({"spec": {"restartPolicy": "Never", "containers": [{"name": "check", "image": "check:1"}]}});
        let job = made(json!({"backoffLimit": 0, "template": pods}), Span::millis(1500));
        let expected = json!({
            "apiVersion": "batch/v1", "kind": "Job",
            "metadata": {
                "name": "migration-0a1b", "labels": {"app": "check"},
                "annotations": {"note": "kept", "switchyard.dev/gate": "uid/0a1b/migration"},
            },
            "spec": {"backoffLimit": 0, "template": pods, "activeDeadlineSeconds": 2, "ttlSecondsAfterFinished": 3600},
        });
        assert_eq!(serde_json::to_value(&job).unwrap(), expected);
        assert_eq!(mark(&job).map(String::as_str), Some("uid/0a1b/migration"));
        assert_eq!(mark(&Job::default()), None);
    }

    #[test]
    fn the_templates_own_deadline_holds_if_it_is_earlier_and_nothing_vanishes_at_once() {
        let spec = |own: i64, kept: i32| {
            let job = made(
                json!({"template": {}, "activeDeadlineSeconds": own, "ttlSecondsAfterFinished": kept}),
                Span::secs(300),
            );
            let spec = job.spec.unwrap();
            (spec.active_deadline_seconds, spec.ttl_seconds_after_finished)
        };
        assert_eq!(spec(60, 0), (Some(60), Some(600)));
        assert_eq!(spec(6000, 86_400), (Some(300), Some(86_400)));
    }
}
