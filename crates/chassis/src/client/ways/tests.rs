use std::{
    sync::{
        Arc,
        atomic::{AtomicU16, AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::{Router, http::StatusCode, routing::get};
use serde_json::{Value, json};

use crate::{
    admin,
    client::{Call, Error, HttpClient, Options},
    limits::Limits,
    platform::Platform,
    service::Service,
    telemetry::LogHandle,
    testing::{ANY_PORT, Rig, platform, serve},
};

/// A service that answers with a status that can be changed, and counts what it is asked.
struct Callee {
    rig: Rig,
    status: Arc<AtomicU16>,
    asked: Arc<AtomicU32>,
}

fn callee() -> Callee {
    let (status, asked) = (Arc::new(AtomicU16::new(200)), Arc::<AtomicU32>::default());
    let (answered, counted) = (status.clone(), asked.clone());
    let answer = get(async move || {
        counted.fetch_add(1, Relaxed);
        StatusCode::from_u16(answered.load(Relaxed)).unwrap()
    });
    Callee { rig: serve(Router::new().route("/", answer)), status, asked }
}

/// An App that calls others.
fn caller(platform: &Platform) -> (Service, HttpClient) {
    let service = Service::new("shipping", "rest", platform, Limits::default()).unwrap();
    let client = service.client(Options::default()).unwrap();
    (service, client)
}

impl Callee {
    fn call(&self) -> Call {
        Call::get(self.rig.at("/")).to("carrier")
    }

    fn answers(&self, status: u16) {
        self.status.store(status, Relaxed);
    }

    fn asked(&self) -> u32 {
        self.asked.load(Relaxed)
    }

    /// Has it fail until the circuit is open.
    async fn trips(&self, client: &HttpClient) {
        self.answers(503);
        for _ in 0..5 {
            assert_eq!(client.send(self.call()).await.unwrap().status, 503);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_fails_again_and_again_is_not_called_and_the_caller_is_told_when_it_may_be() {
    let callee = callee();
    let (_service, client) = caller(&callee.rig.platform);
    callee.trips(&client).await;
    let error = client.send(callee.call()).await.unwrap_err();
    let Error::Refused { source, .. } = &error else { panic!("{error:?}") };
    let wait = source.retry_in().unwrap();
    assert_eq!(wait, Duration::from_secs(1), "as its Retry-After asks");
    assert_eq!((error.was_sent(), error.kind(), callee.asked()), (false, "refused", 5));
    // It is well again, which one call finds out.
    callee.answers(200);
    tokio::time::advance(wait).await;
    assert_eq!(client.send(callee.call()).await.unwrap().status, 200);
    assert_eq!(client.send(callee.call()).await.unwrap().status, 200);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_answer_in_time_fails_and_a_caller_who_leaves_says_nothing_of_it() {
    let hanging = serve(Router::new().route("/", get(async || std::future::pending::<()>().await)));
    let (_service, client) = caller(&hanging.platform);
    let call = || Call::get(hanging.at("/")).to("carrier").within(Duration::from_secs(1));
    for _ in 0..20 {
        let left = tokio::time::timeout(Duration::from_millis(500), client.send(call())).await;
        assert!(left.is_err(), "it hangs");
    }
    for _ in 0..5 {
        let error = client.send(call()).await.unwrap_err();
        assert!(matches!(error, Error::TimedOut { sent: true, .. }), "{error:?}");
    }
    assert!(matches!(client.send(call()).await, Err(Error::Refused { .. })));
}

#[tokio::test(start_paused = true)]
async fn each_peer_has_a_circuit_of_its_own_and_whom_nobody_named_has_none() {
    let callee = callee();
    let (_service, client) = caller(&callee.rig.platform);
    callee.trips(&client).await;
    assert!(matches!(client.send(callee.call()).await, Err(Error::Refused { .. })));
    assert_eq!(client.send(callee.call().to("payment")).await.unwrap().status, 503);
    for _ in 0..9 {
        assert_eq!(client.send(Call::get(callee.rig.at("/"))).await.unwrap().status, 503);
    }
}

#[tokio::test(start_paused = true)]
async fn the_admin_port_and_the_metrics_show_each_circuit_and_why_it_is_open() {
    let callee = callee();
    let platform = &callee.rig.platform;
    let (service, client) = caller(platform);
    callee.trips(&client).await;
    let refused = client.send(callee.call()).await;
    assert!(matches!(refused, Err(Error::Refused { .. })));

    let router = admin::union(vec![service.admin()], platform.build, LogHandle::detached());
    let listener = platform.network.listen(ANY_PORT).unwrap();
    let at = listener.local_addr().unwrap();
    let (_trigger, drain) = crate::shutdown::drain();
    tokio::spawn(crate::server::Server::new(router, listener, Limits::default()).run(drain));
    for path in ["/mesh", "/rest/shipping/mesh"] {
        let answer = callee.rig.client.send(Call::get(format!("http://{at}{path}"))).await.unwrap();
        let answer: Value = answer.json().unwrap();
        let breaker = &answer["breakers"][0];
        assert_eq!(breaker["name"], "carrier");
        assert_eq!(breaker["target"], callee.rig.at("").trim_start_matches("http://"));
        assert_eq!((&breaker["state"], &breaker["reason"]), (&json!("open"), &json!("consecutive_failures")));
        assert_eq!((&breaker["service"], &breaker["style"]), (&json!("shipping"), &json!("rest")));
        assert!(
            breaker["since"].as_str().unwrap().ends_with('Z') && breaker["next_probe_ms"].is_u64(),
            "{breaker}"
        );
        assert_eq!(answer["limits"], json!([]));
    }
    let text = crate::metrics::exposition([service.metrics()], crate::metrics::Format::Text).unwrap();
    for (name, labels) in [
        ("mesh_circuit_breaker_state", "state=\"open\""),
        ("mesh_circuit_breaker_transitions_total", "reason=\"consecutive_failures\""),
        ("mesh_circuit_breaker_refused_total", "name=\"carrier\""),
    ] {
        let shown =
            text.lines().any(|line| line.starts_with(name) && line.contains(labels) && line.ends_with(" 1"));
        assert!(shown, "{name}: {text}");
    }
}

#[tokio::test]
async fn a_request_that_breaks_off_on_our_side_says_nothing_of_the_callee() {
    let rig = serve(Router::new().route("/", axum::routing::post(async |body: String| body)));
    let (_service, client) = caller(&rig.platform);
    for _ in 0..9 {
        let broken = futures_util::stream::iter([Err::<&str, _>(std::io::Error::other("the disk is gone"))]);
        let request = axum::extract::Request::post(rig.at("/")).extension(crate::client::Peer("carrier"));
        let request = request.body(axum::body::Body::from_stream(broken)).unwrap();
        let error = client.stream(request).await.unwrap_err();
        assert!(matches!(error, Error::Broken { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_policy_out_of_its_ranges_is_an_error_when_the_client_is_made() {
    let mut limits = Limits::default();
    limits.client.circuit_breaker.as_mut().unwrap().probes = 0;
    let service = Service::new("shipping", "rest", &platform(), limits).unwrap();
    let error = service.client(Options::default()).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap();
    assert!(cause.to_string().contains("`circuit_breaker.probes`: 1 to 100"), "{cause}");
}
