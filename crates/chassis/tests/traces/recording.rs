use axum::{Router, http::StatusCode, routing::get};
use chassis::{
    client::{Call, HttpClient},
    context::Context,
    problem::Problem,
    trace::{TRACEPARENT, about, child_of, recorded},
};
use test_support::{
    collector::{Span, Tree},
    recording::{CLIENT, CLIENT_SPAN, TRACE_ID},
};
use tracing::{Instrument, field::Empty};

use crate::rig::Rig;

/// An App that asks another at `url`.
fn asking(client: HttpClient, url: String) -> Router {
    let ask = async move |context: Context| -> Result<StatusCode, Problem> {
        let answer = client.get_json(&context, &url).await?;
        Ok(answer.status)
    };
    Router::new().route("/ask/{id}", get(ask))
}

fn tree_of(count: usize) -> impl FnMut(Vec<Span>) -> Result<Tree, String> {
    move |spans| match spans.len() {
        found if found == count => Tree::below(CLIENT_SPAN, spans),
        _ => Err(format!("{spans:#?}")),
    }
}

#[tokio::test]
async fn a_request_and_what_it_asks_of_another_are_one_tree_below_the_clients_span() {
    let rig = Rig::new([]);
    let (asked, url) = rig.serve("asked", Router::new().route("/told/{what}", get(async || "")));
    let (asking, url) = rig.serve("asking", asking(rig.client.clone(), format!("{url}/told/tea")));
    let answer = rig.get(&format!("{url}/ask/7"), CLIENT).await;
    assert_eq!(answer.headers["x-trace-id"], TRACE_ID);

    // The client that asked first records, too: it is of this process.
    let tree = rig.recording.collector.until(TRACE_ID, tree_of(4)).await;
    let innermost = tree.named("GET /told/{what}")[0];
    assert_eq!(
        tree.path(innermost),
        ["asked: GET /told/{what}", "asking: GET", "asking: GET /ask/{id}", "test: GET"]
    );
    let kinds: Vec<_> = ["GET /ask/{id}", "GET /told/{what}"].map(|name| tree.named(name)[0].kind).to_vec();
    assert_eq!(kinds, ["SERVER", "SERVER"]);
    assert!(tree.named("GET").iter().all(|call| call.kind == "CLIENT"));
    drop((asked, asking));
}

#[tokio::test]
async fn names_and_attributes_are_those_of_the_conventions() {
    let rig = Rig::new([]);
    let order = async || about("order.id", &"0198");
    let (_service, url) = rig.serve("orders", Router::new().route("/orders/{id}", get(order)));
    rig.get(&format!("{url}/orders/0198?a=1"), CLIENT).await;
    let tree = rig.recording.collector.until(TRACE_ID, tree_of(2)).await;
    let server = tree.named("GET /orders/{id}")[0];
    let expected = [
        ("http.request.method", "GET"),
        ("http.route", "/orders/{id}"),
        ("url.path", "/orders/0198"),
        ("url.scheme", "http"),
        ("http.response.status_code", "200"),
        ("order.id", "0198"),
    ];
    assert_eq!(expected.map(|(name, _)| server.attribute(name)), expected.map(|(_, value)| value));
    assert_eq!(server.attributes.len(), expected.len(), "{server:#?}");

    let call = tree.named("GET")[0];
    let expected = [
        ("http.request.method", "GET"),
        ("http.response.status_code", "200"),
        ("url.full", &*format!("{url}/orders/0198?a=1")),
        ("server.address", "127.0.0.1"),
        ("server.port", url.rsplit(':').next().unwrap()),
    ];
    assert_eq!(expected.map(|(name, _)| call.attribute(name)), expected.map(|(_, value)| value));
    assert_eq!(call.attributes.len(), expected.len(), "{call:#?}");
}

#[tokio::test]
async fn each_app_has_a_resource_of_its_own_in_one_request() {
    let rig = Rig::new([("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test,service.name=mine")]);
    let (_asked, url) = rig.serve("asked", Router::new().route("/", get(async || "")));
    let (_asking, url) = rig.serve("asking", asking(rig.client.clone(), url));
    rig.get(&format!("{url}/ask/7"), CLIENT).await;
    let tree = rig.recording.collector.until(TRACE_ID, tree_of(4)).await;
    for span in tree.spans().iter().filter(|span| span.service() != "test") {
        let said = ["service.namespace", "deployment.environment.name", "telemetry.sdk.language"];
        assert_eq!(said.map(|name| span.resource[name].as_str()), ["rest", "test", "rust"]);
        assert!(
            span.resource.contains_key("service.instance.id")
                && span.resource.contains_key("service.version")
        );
    }
    assert_eq!(tree.services(), ["asked", "asking", "test"].into());
}

#[tokio::test]
async fn failures_are_marked_where_they_are_somebodys_fault() {
    let rig = Rig::new([]);
    let router = Router::new()
        .route("/refused", get(async || Problem::not_found("order")))
        .route("/broken", get(async || StatusCode::INTERNAL_SERVER_ERROR));
    let (_service, url) = rig.serve("orders", router);
    rig.get(&format!("{url}/refused"), CLIENT).await;
    rig.get(&format!("{url}/broken"), CLIENT).await;
    let nobody = Call::get("http://127.0.0.1:1/").header(TRACEPARENT, CLIENT.parse().unwrap());
    assert!(rig.client.send(nobody).await.is_err());

    let tree = rig.recording.collector.until(TRACE_ID, tree_of(5)).await;
    // A refusal is no fault of the server, but whoever asked did not get what it asked for.
    let refused = tree.named("GET /refused")[0];
    assert!(!refused.is_error && tree.parent(refused).unwrap().is_error);
    let broken = tree.named("GET /broken")[0];
    assert!(broken.is_error && tree.parent(broken).unwrap().is_error);
    assert_eq!(broken.attribute("error.type"), "500");
    // What was logged meanwhile is told with it.
    assert!(broken.events.iter().any(|event| event.name.starts_with("request failed")), "{broken:#?}");
    let unreachable = tree.spans().iter().find(|span| span.attribute("error.type") == "unreachable").unwrap();
    assert!(unreachable.is_error && unreachable.description.contains("connecting"), "{unreachable:#?}");
}

#[tokio::test]
async fn spans_within_a_request_are_recorded_and_those_outside_of_any_are_not() {
    let rig = Rig::new([]);
    let inside = async || tracing::info_span!("decide", lines = 3).in_scope(|| tracing::info!("decided"));
    let (_service, url) = rig.serve("orders", Router::new().route("/", get(inside)));
    tracing::info_span!("housekeeping").in_scope(|| ());
    rig.get(&url, CLIENT).await;
    let tree = rig.recording.collector.until(TRACE_ID, tree_of(3)).await;
    let decide = tree.named("decide")[0];
    assert_eq!(tree.path(decide), ["orders: decide", "orders: GET /", "test: GET"]);
    assert_eq!((decide.kind, decide.attribute("lines")), ("INTERNAL", "3"));
    assert_eq!(decide.events[0].name, "decided");
    assert!(rig.recording.collector.spans().iter().all(|span| span.trace_id == TRACE_ID));
}

#[tokio::test]
async fn what_is_not_sampled_is_not_recorded_and_keeps_its_place() {
    let rig = Rig::new([("OTEL_TRACES_SAMPLER", "parentbased_always_off")]);
    let place = get(async |context: Context| context.trace.to_string());
    let (_service, url) = rig.serve("orders", Router::new().route("/", place));
    let unsampled = CLIENT.replace("-01", "-00");
    assert_eq!(rig.get(&url, &unsampled).await.body, unsampled.as_bytes());
    let begun_here = rig.client.send(Call::get(&url)).await.unwrap();
    assert!(begun_here.body.ends_with(b"-00"));
    // What comes after shows that what was before was not recorded.
    let other = CLIENT.replace("4bf9", "0000");
    rig.get(&url, &other).await;
    rig.recording.collector.until(&other[3..35], tree_of(2)).await;
    assert_eq!(rig.recording.collector.spans().len(), 2);
}

#[tokio::test]
async fn what_a_part_does_is_of_its_app_and_tells_its_links_its_events_and_how_it_ended() {
    let rig = Rig::new([]);
    let (mut service, _) = rig.serve("orders", Router::new());
    service.spawn("worker", |_| async {
        let link = CLIENT.replace("00f067aa0ba902b7", "00000000000000aa");
        let (span, here) = child_of(&CLIENT.parse().unwrap(), || {
            tracing::info_span!(
                "step",
                otel.kind = "consumer",
                otel.link = link,
                otel.status_description = Empty
            )
        });
        assert!(recorded(&here));
        span.in_scope(|| tracing::warn!(left = 3, "no stock"));
        span.record("otel.status_description", "given up");
    });
    // A task of a part is of the part's App, too, if it is within the part's span.
    let step = async { drop(child_of(&CLIENT.parse().unwrap(), || tracing::info_span!("task"))) };
    service.spawn("spawner", |_| async move { tokio::spawn(step.in_current_span()).await.unwrap() });

    let tree = rig.recording.collector.until(TRACE_ID, tree_of(2)).await;
    assert_eq!(tree.services(), ["orders"].into());
    let step = tree.named("step")[0];
    assert_eq!((step.kind, step.is_error, &*step.description), ("CONSUMER", true, "given up"));
    assert_eq!(step.links, ["00000000000000aa"]);
    let event = &step.events[0];
    assert_eq!(
        (&*event.name, &*event.attributes["level"], &*event.attributes["left"]),
        ("no stock", "WARN", "3")
    );
    assert!(step.attributes.is_empty(), "{step:#?}");
}

#[tokio::test]
async fn what_is_long_or_much_is_cut() {
    let rig = Rig::new([]);
    let chatty = async || {
        let _step = tracing::info_span!("step", long = "é".repeat(5000)).entered();
        (0..100).for_each(|line| tracing::info!(line, "said"));
    };
    let (_service, url) = rig.serve("orders", Router::new().route("/", get(chatty)));
    rig.get(&url, CLIENT).await;
    let tree = rig.recording.collector.until(TRACE_ID, tree_of(3)).await;
    let step = tree.named("step")[0];
    assert_eq!((step.attribute("long").len(), step.events.len()), (1024, 32));
}
