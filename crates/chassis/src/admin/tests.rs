use std::sync::Arc;

use axum::{Router, routing::get};
use serde_json::{Value, json};

use super::*;
use crate::{
    client::{Call, HttpClient, Options, Response},
    limits::Limits,
    platform::Platform,
    server::Server,
    service::Service,
    shutdown::{self, Trigger},
    testing::{ANY_PORT, json, platform},
};

/// An admin port and a client of it.
struct Port {
    client: HttpClient,
    url: String,
    _running: Trigger,
}

fn serve(platform: &Platform, router: Router) -> Port {
    let listener = platform.network.listen(ANY_PORT).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (trigger, drain) = shutdown::drain();
    tokio::spawn(Server::new(router, listener, Limits::default()).run(drain));
    Port { client: HttpClient::new(platform, Options::default()), url, _running: trigger }
}

impl Port {
    async fn get(&self, path: &str) -> Response {
        self.client.send(Call::get(format!("{}{path}", self.url))).await.unwrap()
    }

    async fn put(&self, path: &str, body: &'static str) -> Response {
        self.client.send(Call::put(format!("{}{path}", self.url)).body(body)).await.unwrap()
    }
}

fn service(name: &str, platform: &Platform) -> Service {
    Service::new(name, "rest", platform, Limits::default()).unwrap()
}

fn alone(service: &Service, platform: &Platform) -> Port {
    serve(platform, service.admin().router(platform.build, LogHandle::detached()))
}

#[tokio::test]
async fn readyz_names_every_check_and_is_503_until_all_pass() {
    let platform = platform();
    let service = service("customers", &platform);
    let gate = service.readiness().block("catch-up");
    let port = alone(&service, &platform);
    let answer = port.get("/readyz").await;
    assert_eq!(answer.status, 503);
    let expected = json!({
        "style": "rest",
        "service": "customers",
        "name": "catch-up",
        "ready": false,
        "reason": "not done yet",
    });
    assert_eq!((&json(&answer)["ready"], &json(&answer)["checks"][0]), (&json!(false), &expected));
    assert_eq!(port.get("/startupz").await.status, 503);
    drop(gate);
    assert_eq!(port.get("/readyz").await.status, 200);
    service.readiness().set_draining();
    assert_eq!(port.get("/readyz").await.status, 503);
    assert_eq!(port.get("/startupz").await.status, 200, "starting up is over");
}

#[tokio::test]
async fn livez_fails_once_a_part_has_panicked() {
    let platform = platform();
    let mut service = service("customers", &platform);
    let port = alone(&service, &platform);
    assert_eq!(port.get("/livez").await.status, 200);
    service.spawn("relay", |_| async { panic!("for the test") });
    let answer = loop {
        let answer = port.get("/livez").await;
        if answer.status == 503 {
            break answer;
        }
    };
    assert_eq!(json(&answer)["checks"][0]["reason"], "panicked: relay");
}

#[tokio::test]
async fn metrics_are_prometheus_text() {
    let platform = platform();
    let port = alone(&service("customers", &platform), &platform);
    let answer = port.get("/metrics").await;
    assert_eq!(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    assert!(String::from_utf8_lossy(&answer.body).contains("# TYPE build_info gauge"));
}

#[tokio::test]
async fn whoever_asks_for_openmetrics_gets_it() {
    let platform = platform();
    let port = alone(&service("customers", &platform), &platform);
    let accept = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5".parse().unwrap();
    let call = Call::get(format!("{}/metrics", port.url)).header(header::ACCEPT, accept);
    let answer = port.client.send(call).await.unwrap();
    assert_eq!(answer.headers["content-type"], "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert!(answer.body.ends_with(b"# EOF\n"));
}

#[tokio::test]
async fn the_version_and_the_services_own_routes_are_there() {
    let platform = platform();
    let mut service = service("customers", &platform);
    service.merge_admin(Router::new().route("/audit", get(async || "sound")));
    let port = alone(&service, &platform);
    let build = json(&port.get("/version").await);
    assert_eq!(build["version"], platform.build.version);
    assert!(build["rustc"].as_str().unwrap().starts_with("1."), "{build}");
    assert!(["debug", "release"].contains(&build["profile"].as_str().unwrap()), "{build}");
    assert_eq!(port.get("/audit").await.body, "sound");
    let unknown = port.get("/secrets").await;
    assert_eq!((unknown.status.as_u16(), unknown.problem().unwrap().code), (404, "NOT_FOUND".into()));
}

#[tokio::test]
async fn the_log_level_changes_while_running_and_a_bad_one_is_400() {
    let platform = platform();
    let port = alone(&service("customers", &platform), &platform);
    assert_eq!(port.put("/log-level", "warn,ordering=debug\n").await.status, 204);
    let refused = port.put("/log-level", "ordering=loud").await;
    assert_eq!((refused.status.as_u16(), refused.problem().unwrap().code), (400, "MALFORMED_REQUEST".into()));
    assert_eq!(port.put("/log-level", "").await.status, 400);
}

#[tokio::test]
async fn drain_tells_what_is_left_of_each_app_and_of_all() {
    let platform = platform();
    let (mut customers, billing) = (service("customers", &platform), service("billing", &platform));
    let (entered, inside) = (Arc::new(tokio::sync::Notify::new()), Arc::new(tokio::sync::Notify::new()));
    let (enter, leave) = (entered.clone(), inside.clone());
    let slow = get(async move || {
        enter.notify_one();
        leave.notified().await;
    });
    let api = customers.serve(Router::new().route("/", slow), ANY_PORT).unwrap();
    customers.obligations().owe_now("outbox", || 2);
    billing.obligations().owe_now("outbox", || 3);
    billing.obligations().owe_now("mail", || 0);
    let admins = vec![customers.admin(), billing.admin()];
    let port = serve(&platform, union(admins, platform.build, LogHandle::detached()));
    let left = async |path: &str| json(&port.get(path).await);
    let idle = json!({"connections": 0, "in_flight": 0, "obligations": {"mail": 0, "outbox": 3}});
    assert_eq!(left("/rest/billing/drain").await, idle);

    let client = HttpClient::new(&platform, Options::default());
    let asking = tokio::spawn(async move { client.send(Call::get(format!("http://{api}/"))).await });
    entered.notified().await;
    let all = json!({"connections": 1, "in_flight": 1, "obligations": {"mail": 0, "outbox": 5}});
    assert_eq!(left("/drain").await, all);
    inside.notify_one();
    asking.await.unwrap().unwrap();
    customers.stop().await;
    assert_eq!(
        left("/drain").await,
        json!({"connections": 0, "in_flight": 0, "obligations": {"mail": 0, "outbox": 5}})
    );
    let text = String::from_utf8_lossy(&port.get("/metrics").await.body).into_owned();
    let stage = |app: &str, stage: &str| {
        format!("drain_stage{{stage=\"{stage}\",service=\"{app}\",style=\"rest\"}} 1")
    };
    assert!(
        text.contains(&stage("billing", "serving")) && text.contains(&stage("customers", "telemetry")),
        "{text}"
    );
}

#[tokio::test]
async fn the_union_nests_every_app_and_joins_probes_and_metrics() {
    let platform = platform();
    let (mut customers, billing) = (service("customers", &platform), service("billing", &platform));
    customers.merge_admin(Router::new().route("/audit", get(async || "customers' own")));
    let gate = billing.readiness().block("catch-up");
    let apps = vec![customers.admin(), billing.admin()];
    let port = serve(&platform, union(apps, platform.build, LogHandle::detached()));
    assert_eq!(port.get("/rest/customers/audit").await.body, "customers' own");
    assert_eq!(port.get("/rest/billing/audit").await.status, 404);
    assert_eq!(port.get("/rest/customers/readyz").await.status, 200);
    assert_eq!(port.get("/rest/billing/readyz").await.status, 503);
    let all = port.get("/readyz").await;
    assert_eq!(all.status, 503);
    let checks: Vec<Value> = json(&all)["checks"].as_array().unwrap().clone();
    let failing: Vec<_> = checks.iter().filter(|check| check["ready"] == false).collect();
    assert_eq!((failing.len(), &failing[0]["service"]), (1, &json!("billing")));
    drop(gate);
    assert_eq!(port.get("/readyz").await.status, 200);
    let metrics = port.get("/metrics").await.body;
    let metrics = String::from_utf8_lossy(&metrics);
    assert!(metrics.contains(r#"service="customers""#) && metrics.contains(r#"service="billing""#));
    assert_eq!(port.get("/version").await.status, 200);
}

#[tokio::test]
async fn a_report_shows_what_a_dynamic_check_says() {
    let platform = platform();
    let service = service("customers", &platform);
    let down = Arc::new("the disk is full");
    service.readiness().check("database", move || Err(down.to_string()));
    let answer = alone(&service, &platform).get("/readyz").await;
    assert_eq!(json(&answer)["checks"][0]["reason"], "the disk is full");
}
