//! Requests are made in order.

use std::{collections::HashMap, time::Duration};

use http::Request;
use kube::{Client, client::Body};
use serde_json::Value;

use super::{
    canonical,
    transcript::{Exchange, Transcript},
};

/// Where they are made.
pub(super) trait Stage {
    /// A client of the server.
    fn client(&self) -> Client;

    /// The namespace, of which nobody else knows.
    fn namespace(&self) -> &str;

    /// What follows from a write, where nobody else does it.
    fn follow(&self) {}
}

/// So often a request is repeated whose answer has to say something.
const TRIES: usize = 60;

/// The same requests, and what is answered there.
pub(super) async fn play(recorded: &Transcript, stage: &impl Stage) -> Transcript {
    let mut known = HashMap::new();
    let mut played = vec![];
    for exchange in &recorded.exchanges {
        let (code, body) = ask(exchange, stage, &known).await;
        stage.follow();
        if let (Some(name), Ok(object)) = (&exchange.name, serde_json::from_str::<Value>(&body)) {
            known.insert(name.clone(), object);
        }
        let answer = canonical::answer(code, &body.replace(stage.namespace(), "$ns"));
        played.push(Exchange { answer, ..exchange.clone() });
    }
    Transcript { exchanges: played }
}

async fn ask(exchange: &Exchange, stage: &impl Stage, known: &HashMap<String, Value>) -> (u16, String) {
    for _ in 0..TRIES {
        let (code, body) = send(exchange, stage, known).await;
        let object: Value = serde_json::from_str(&body).unwrap_or_default();
        let says = |(pointer, value): (&str, &str)| {
            object.pointer(pointer).is_some_and(|found| found.to_string().trim_matches('"') == value)
        };
        if exchange.until().is_none_or(says) {
            return (code, body);
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    unreachable!("it is never answered what it should be: {}", exchange.asked());
}

async fn send(exchange: &Exchange, stage: &impl Stage, known: &HashMap<String, Value>) -> (u16, String) {
    let filled = |text: &str| fill(text, stage.namespace(), known);
    let mut request = Request::builder().method(exchange.method.as_str()).uri(filled(&exchange.path));
    if exchange.headers.iter().all(|(name, _)| name != "content-type") {
        request = request.header("content-type", "application/json");
    }
    for (name, value) in exchange.headers.iter().filter(|(name, _)| name != "until") {
        request = request.header(name, value);
    }
    let body = filled(&exchange.body.join("\n"));
    let request = request.body(Body::from(body.into_bytes())).unwrap();
    let answer = stage.client().send(request).await.unwrap();
    let code = answer.status().as_u16();
    let bytes = answer.into_body().collect_bytes().await.unwrap();
    (code, String::from_utf8_lossy(&bytes).into_owned())
}

/// What was answered before stands where it is named.
fn fill(text: &str, namespace: &str, known: &HashMap<String, Value>) -> String {
    let mut text = text.replace("$ns", namespace);
    for (name, object) in known {
        let metadata = &object["metadata"];
        for (word, field) in [("version", "resourceVersion"), ("uid", "uid"), ("continue", "continue")] {
            text = text.replace(&format!("${name}.{word}"), metadata[field].as_str().unwrap_or_default());
        }
    }
    text
}
