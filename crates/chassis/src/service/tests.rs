use std::sync::{Arc, Mutex};

use axum::routing::get;
use tokio::sync::Notify;

use super::*;
use crate::{
    client::{Call, HttpClient, Options},
    testing::{ANY_PORT, platform},
};

fn service(platform: &Platform) -> Service {
    Service::new("customers", "rest", platform, Limits::default()).unwrap()
}

#[tokio::test]
async fn a_store_whose_thread_has_died_fails_liveness() {
    let broken = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let asked = broken.clone();
    let told =
        move || if asked.load(std::sync::atomic::Ordering::SeqCst) { panic!("for the test") } else { 1 };
    let platform =
        Platform { clock: database::Clock::new(told), executor: database::Executor::Threads, ..platform() };
    let directory = tempfile::tempdir().unwrap();
    let mut service = service(&platform);
    let database = service.open(&directory.path().join("store.db"), &[]).unwrap();
    assert!(service.liveness.failed().is_empty());
    broken.store(true, std::sync::atomic::Ordering::SeqCst);
    database.read(async |_| Ok::<_, database::Error>(())).await.unwrap_err();
    while service.liveness.failed().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(service.liveness.failed(), ["store"]);
}

#[tokio::test]
async fn a_port_in_use_is_recognised() {
    let platform = platform();
    let (mut first, mut second) = (service(&platform), service(&platform));
    let address = first.serve(Router::new(), ANY_PORT).unwrap();
    let error = second.serve(Router::new(), address).unwrap_err();
    assert_eq!(error.port_in_use(), Some(address));
    assert_eq!(error.to_string(), format!("listening on {address}"));
}

#[tokio::test]
async fn stopping_finishes_requests_first_then_parts_then_storage() {
    let platform = platform();
    let mut service = service(&platform);
    let order = Arc::new(Mutex::new(Vec::new()));
    let note = |what: &'static str| {
        let order = order.clone();
        move || order.lock().unwrap().push(what)
    };
    let (entered, leave) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (inside, released, answered) = (entered.clone(), leave.clone(), note("request"));
    let handler = async move || {
        inside.notify_one();
        released.notified().await;
        answered();
    };
    let address = service.serve(Router::new().route("/", get(handler)), ANY_PORT).unwrap();
    let (part_ended, closed) = (note("part"), note("storage"));
    service.on_stop(Stage::Storage, "database", async move { closed() });
    service.spawn("relay", |drain| async move {
        drain.requested().await;
        part_ended();
    });
    let client = HttpClient::new(&platform, Options::default());
    let request = tokio::spawn(async move { client.send(Call::get(format!("http://{address}/"))).await });
    entered.notified().await;
    let (readiness, serving) = (service.readiness().clone(), service.serving());
    let stopping = tokio::spawn(service.run_until(std::future::ready(())));
    serving.requested().await;
    assert!(!readiness.is_ready());
    leave.notify_one();
    assert_eq!(request.await.unwrap().unwrap().status, 200);
    assert!(stopping.await.unwrap().is_clean());
    assert_eq!(*order.lock().unwrap(), ["request", "part", "storage"]);
}

#[tokio::test]
async fn the_admin_port_tells_of_the_shutdown_until_its_end() {
    let platform = platform();
    let mut service = service(&platform);
    let admin = service.serve_admin(ANY_PORT, LogHandle::detached()).unwrap();
    let client = HttpClient::new(&platform, Options::default());
    let asked = Arc::new(Mutex::new(None));
    let (seen, probe) = (asked.clone(), client.clone());
    service.on_stop(Stage::Storage, "probe", async move {
        let answer = probe.send(Call::get(format!("http://{admin}/readyz"))).await.unwrap();
        *seen.lock().unwrap() = Some(answer.status.as_u16());
    });
    assert!(service.stop().await.is_clean());
    assert_eq!(*asked.lock().unwrap(), Some(503));
    client.send(Call::get(format!("http://{admin}/readyz"))).await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn a_part_that_does_not_stop_is_given_up_and_named() {
    let platform = platform();
    let mut service = service(&platform);
    service.spawn("stuck", |_| std::future::pending());
    assert_eq!(service.stop().await.overdue, ["background parts"]);
}

#[tokio::test]
async fn an_opened_database_is_a_check_by_name_and_closed_in_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let mut service = service(&platform());
    let path = directory.path().join("made/customers.db");
    let database = service.open(&path, &[crate::idempotency::SCHEMA]).unwrap();
    assert!(service.readiness().report().checks.iter().any(|check| check.name == "database" && check.ready));
    assert!(service.stop().await.is_clean());
    let used = database.read(async |_| Ok::<_, database::Error>(())).await;
    assert!(matches!(used, Err(database::Error::Closed)), "{used:?}");
}
