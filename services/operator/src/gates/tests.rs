use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use axum::{Json, Router, extract::RawQuery, http::StatusCode, routing::get};
use rollout::{Breakers, Http, Prometheus, Span};
use serde_json::{Value, json};

use super::*;
use crate::testing::{client, nobody, nothing, pod, refusal, serve};

/// Gates with this client and these hosts, and what asks for reconciles.
fn gates(client: Client, hosts: &str) -> (Gates, mpsc::Receiver<ObjectRef<BlueGreen>>) {
    let (trigger, triggered) = mpsc::channel(16);
    let ways = Ways {
        pods: Reach::direct(),
        hosts: hosts.parse().unwrap(),
        client,
        metrics: Metrics::new().unwrap(),
    };
    (Gates::new(ways, trigger), triggered)
}

fn release(gates: Vec<Gate>, green: Vec<crate::pods::Pod>, blue: Vec<crate::pods::Pod>) -> Release {
    Release {
        namespace: "shop".into(),
        name: "shop".into(),
        uid: "uid".into(),
        release: "0a1b".into(),
        to: Colour::Green,
        gates,
        pods: Pods::from([(Colour::Green, green), (Colour::Blue, blue)]),
    }
}

fn http(attempts: u16) -> Gate {
    let http = Http {
        port: "admin".into(),
        path: "/readyz".into(),
        expect: 200,
        attempts,
        interval: Span::millis(1),
        timeout: Span::secs(5),
    };
    Gate { name: "smoke".into(), http: Some(http), ..Gate::default() }
}

fn breakers(lasts: Span) -> Gate {
    Gate {
        name: "breakers".into(),
        breakers: Some(Breakers { port: "admin".into(), lasts }),
        ..Gate::default()
    }
}

fn prometheus(url: String) -> Gate {
    let query = r#"errors{color="$(color)"}"#.into();
    let prometheus = Prometheus { url, query, max: "0.01".into(), lasts: Span::secs(0) };
    Gate { name: "errors".into(), prometheus: Some(prometheus), ..Gate::default() }
}

fn job() -> Gate {
    let job = rollout::Job { from_cron_job: "check-orders".into(), timeout: Span::secs(300) };
    Gate { name: "migration".into(), job: Some(job), ..Gate::default() }
}

/// Waits until the gate stands as it should; each change asks for a reconcile, which is what is waited for.
async fn until(
    gates: &Gates,
    triggered: &mut mpsc::Receiver<ObjectRef<BlueGreen>>,
    name: &str,
    stands: impl Fn(&Answers) -> bool,
) -> Answers {
    loop {
        triggered.recv().await.unwrap();
        if let Some(answers) = gates.answers("uid", "0a1b").remove(name).filter(|answers| stands(answers)) {
            return answers;
        }
    }
}

fn is_good(answers: &Answers) -> bool {
    answers.good_since.is_some()
}

fn is_bad(answers: &Answers) -> bool {
    answers.bad.is_some()
}

#[tokio::test]
async fn http_passes_once_every_pod_has_answered_as_expected() {
    let asked = Arc::new(AtomicU32::new(0));
    let third = Arc::clone(&asked);
    let slow = move || async move {
        if third.fetch_add(1, Relaxed) < 2 { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }
    };
    let slow = serve(Router::new().route("/readyz", get(slow)));
    let quick = serve(Router::new().route("/readyz", get(async || StatusCode::OK)));
    let (gates, mut triggered) = gates(nothing(), "");
    gates.want(release(vec![http(10)], vec![pod("a", quick), pod("b", slow)], vec![pod("old", nobody())]));
    let answers = until(&gates, &mut triggered, "smoke", is_good).await;
    assert_eq!((answers.bad, answers.unknown, asked.load(Relaxed)), (None, None, 3));
}

#[tokio::test]
async fn http_fails_when_one_pod_used_up_its_attempts() {
    let quick = serve(Router::new().route("/readyz", get(async || StatusCode::OK)));
    let (gates, mut triggered) = gates(nothing(), "");
    gates.want(release(vec![http(3)], vec![pod("a", quick), pod("b", serve(Router::new()))], vec![]));
    let answers = until(&gates, &mut triggered, "smoke", is_bad).await;
    assert_eq!(answers.bad.unwrap(), "pod b after 3 attempts: it answers 404 instead of 200");
}

/// A pod with one breaker in this state.
fn mesh(state: &'static str) -> Router {
    let report = json!({
        "breakers": [{"name": "carrier", "target": "10.0.0.9:80", "state": state, "since": "2026-11-28T04:58:08Z", "refused": 0}],
        "endpoints": [], "limits": [], "budgets": [],
    });
    Router::new().route("/mesh", get(async move || Json(report.clone())))
}

#[tokio::test]
async fn breakers_fail_when_one_is_open_on_a_new_pod_only() {
    let (gates, mut triggered) = gates(nothing(), "");
    let new = vec![pod("n1", serve(mesh("closed"))), pod("n2", serve(mesh("forced_open")))];
    gates.want(release(vec![breakers(Span::secs(10))], new, vec![pod("o1", serve(mesh("half_open")))]));
    let answers = until(&gates, &mut triggered, "breakers", is_bad).await;
    let bad = "the breaker to carrier at 10.0.0.9:80 is open on pod n2 and on no old one";
    assert_eq!(answers.bad.unwrap(), bad);
}

#[tokio::test]
async fn breakers_pass_when_what_is_open_is_open_on_the_old_side_too() {
    let (gates, mut triggered) = gates(nothing(), "");
    let new = vec![pod("n1", serve(mesh("open")))];
    gates.want(release(vec![breakers(Span::secs(0))], new, vec![pod("o1", serve(mesh("open")))]));
    until(&gates, &mut triggered, "breakers", is_good).await;
}

/// Prometheus, which yields this for green and nothing for blue.
fn metrics(value: &'static str) -> Router {
    let query = async move |RawQuery(query): RawQuery| {
        let is_green = query.is_some_and(|query| query == "query=errors%7Bcolor%3D%22green%22%7D");
        let result = if is_green { json!([{"metric": {}, "value": [1.5, value]}]) } else { json!([]) };
        Json(json!({"status": "success", "data": {"resultType": "vector", "result": result}}))
    };
    Router::new().route("/api/v1/query", get(query))
}

#[tokio::test]
async fn prometheus_is_asked_of_the_new_side() {
    for (value, is_good) in [("0.005", true), ("0.5", false)] {
        let (gates, mut triggered) = gates(nothing(), "127.0.0.1");
        let server = serve(metrics(value));
        gates.want(release(vec![prometheus(format!("http://{server}"))], vec![], vec![]));
        let answers = until(&gates, &mut triggered, "errors", |answers| answers.asked.is_some()).await;
        assert_eq!((answers.good_since.is_some(), answers.bad.is_none()), (is_good, is_good), "{answers:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_allowed_is_not_asked_and_one_that_is_away_is_unknown() {
    let (gates, mut triggered) = gates(nothing(), "prometheus:9090");
    gates.want(release(vec![prometheus(format!("http://{}", serve(metrics("0"))))], vec![], vec![]));
    let answers = until(&gates, &mut triggered, "errors", |answers| answers.unknown.is_some()).await;
    let why = "the operator does not allow 127.0.0.1; see its option --gate-hosts";
    assert_eq!((answers.unknown.as_deref(), answers.bad), (Some(why), None));

    let (gates, mut triggered) = self::gates(nothing(), "127.0.0.1");
    gates.want(release(vec![prometheus(format!("http://{}", nobody()))], vec![], vec![]));
    let answers = until(&gates, &mut triggered, "errors", |answers| answers.unknown.is_some()).await;
    assert_eq!(answers.good_since, None);
}

/// An API server with a CronJob, and with a Job once it is made, which is in this state.
fn jobs(conditions: Value) -> (Client, crate::testing::Asked) {
    let made = Mutex::new(None::<Value>);
    client(move |method, path, body| {
        let mut made = made.lock().unwrap();
        match (method.as_str(), path) {
            ("GET", "/apis/batch/v1/namespaces/shop/cronjobs/check-orders") => {
                let template = json!({"spec": {"template": {"spec": {"containers": []}}}});
                (
                    StatusCode::OK,
                    json!({"metadata": {}, "spec": {"schedule": "@yearly", "jobTemplate": template}}),
                )
            }
            ("POST", _) => {
                let mut job = body.clone();
                job["status"] = json!({"conditions": conditions});
                (StatusCode::CREATED, made.insert(job).clone())
            }
            ("GET", "/apis/batch/v1/namespaces/shop/jobs/migration-0a1b") => match &*made {
                Some(job) => (StatusCode::OK, job.clone()),
                None => refusal(StatusCode::NOT_FOUND, "NotFound", "no Job"),
            },
            ("GET", _) if path.starts_with("/api/v1/namespaces/shop/pods?") => {
                let waiting = json!({"waiting": {"reason": "ImagePullBackOff"}});
                let status = json!({"name": "check", "image": "", "imageID": "", "ready": false, "restartCount": 0, "state": waiting});
                let pod = json!({"metadata": {"name": "check-x"}, "status": {"containerStatuses": [status]}});
                (StatusCode::OK, json!({"metadata": {}, "items": [pod]}))
            }
            _ => refusal(StatusCode::NOT_FOUND, "NotFound", path),
        }
    })
}

#[tokio::test(start_paused = true)]
async fn a_job_is_made_once_and_passes_when_it_is_complete() {
    let (client, asked) = jobs(json!([{"type": "Complete", "status": "True"}]));
    for _ in 0..2 {
        // The second time is a new leader's.
        let (gates, mut triggered) = gates(client.clone(), "");
        gates.want(release(vec![job()], vec![], vec![]));
        until(&gates, &mut triggered, "migration", is_good).await;
    }
    let posts = asked.lock().unwrap().iter().filter(|(method, ..)| method == "POST").count();
    assert_eq!(posts, 1);
}

#[tokio::test(start_paused = true)]
async fn a_job_fails_with_its_pods_own_reason() {
    let failed = json!([{"type": "Failed", "status": "True", "reason": "DeadlineExceeded"}]);
    let (gates, mut triggered) = gates(jobs(failed).0, "");
    gates.want(release(vec![job()], vec![], vec![]));
    let answers = until(&gates, &mut triggered, "migration", is_bad).await;
    let bad = "Job migration-0a1b: DeadlineExceeded; pod check-x: container check: ImagePullBackOff";
    assert_eq!(answers.bad.unwrap(), bad);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_never_ends_has_failed_at_last() {
    let (gates, mut triggered) = gates(jobs(json!([])).0, "");
    let began = gates.0.means.clock.now();
    gates.want(release(vec![job()], vec![], vec![]));
    let answers = until(&gates, &mut triggered, "migration", is_bad).await;
    let bad = "Job migration-0a1b has not ended in time; pod check-x: container check: ImagePullBackOff";
    assert_eq!(answers.bad.as_deref(), Some(bad));
    assert_eq!(answers.asked.unwrap().since(began).as_secs(), 311);
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_already_goes_on_and_what_is_declared_anew_begins_anew() {
    let (gates, mut triggered) = gates(nothing(), "");
    let wanted = release(vec![prometheus("http://nobody".into()), job()], vec![], vec![]);
    gates.want(wanted.clone());
    let before = until(&gates, &mut triggered, "errors", |answers| answers.asked.is_some()).await;
    tokio::time::advance(std::time::Duration::from_millis(10)).await;
    gates.want(wanted.clone());
    assert_eq!(gates.answers("uid", "0a1b")["errors"], before);
    gates.want(release(vec![prometheus("http://another".into())], vec![], vec![]));
    let answers = gates.answers("uid", "0a1b");
    assert_eq!(answers.into_iter().collect::<Vec<_>>(), [("errors".to_owned(), Answers::default())]);
}

#[tokio::test(start_paused = true)]
async fn another_release_has_none_of_the_answers_and_neither_has_a_forgotten_one() {
    let (gates, mut triggered) = gates(nothing(), "");
    gates.want(release(vec![job()], vec![], vec![]));
    until(&gates, &mut triggered, "migration", |answers| answers.asked.is_some()).await;
    assert!(gates.answers("uid", "another").is_empty());
    gates.want(Release { release: "another".into(), ..release(vec![job()], vec![], vec![]) });
    assert_eq!(gates.answers("uid", "another")["migration"], Answers::default());
    gates.forget("uid");
    assert!(gates.answers("uid", "another").is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_approval_is_no_question_and_no_gates_need_no_task() {
    let (gates, _triggered) = gates(nothing(), "");
    let approval = Gate { name: "sign-off".into(), approval: Some(rollout::Approval {}), ..Gate::default() };
    gates.want(release(vec![approval], vec![], vec![]));
    assert!(gates.answers("uid", "0a1b").is_empty() && gates.0.running().is_empty());
}
