//! What every client may rely on, whatever it asks for.

use axum::http::Method;
use serde_json::json;

use super::{
    scenarios,
    shop::{NOBODY, Shop, order, somebody},
};

scenarios! {
    a_request_that_is_repeated_under_its_key_is_answered_again,
    a_key_belongs_to_one_request,
    a_client_that_has_not_seen_the_newest_version_is_refused,
    refusals_say_what_is_wrong_in_one_shape,
    every_answer_has_a_trace,
    lists_come_in_pages,
    a_style_that_is_no_ledger_does_not_look_back,
}

async fn a_request_that_is_repeated_under_its_key_is_answered_again(shop: &Shop) {
    shop.product("TEA", 100, 10).await;
    let (ada, key) = (shop.customer(10_000).await, shop.key());
    let ask = || {
        let body = order(&ada, &[("TEA", 2)]);
        shop.request(Method::POST, "/orders").header("idempotency-key", &key).json(&body).send()
    };
    let (first, again) = (ask().await.ok(), ask().await.ok());
    assert_eq!(first, again);
    let id = first["id"].as_str().unwrap();
    let key = shop.key();
    for _ in 0..2 {
        let place =
            shop.request(Method::POST, &format!("/orders/{id}/place")).header("idempotency-key", &key);
        assert!([200, 202].contains(&place.send().await.status));
        shop.settled(id, "COMPLETED").await;
    }
    assert_eq!(shop.asked("payment", id).await, ["accepted"]);
}

async fn a_key_belongs_to_one_request(shop: &Shop) {
    let key = shop.key();
    let ask = |limit| {
        let request = shop.request(Method::POST, "/customers").header("idempotency-key", &key);
        request.json(&somebody(limit, "EUR")).send()
    };
    ask(100).await.ok();
    assert_eq!(ask(200).await.status, 422);
}

async fn a_client_that_has_not_seen_the_newest_version_is_refused(shop: &Shop) {
    shop.product("TEA", 100, 10).await;
    let ada = shop.customer(10_000).await;
    let id = shop.order(&ada, &[("TEA", 1)]).await;
    let limit = json!({"credit_limit": {"amount": 5_000, "currency": "EUR"}});
    for (method, path, shown, body) in [
        (Method::PATCH, format!("/customers/{ada}"), format!("/customers/{ada}"), limit),
        (Method::PATCH, "/products/TEA".to_owned(), "/products/TEA".to_owned(), json!({"name": "Old tea"})),
        (Method::PUT, format!("/orders/{id}/items/TEA"), format!("/orders/{id}"), json!({"quantity": 2})),
    ] {
        let seen = shop.get(&shown).await;
        let version = seen.header("etag").unwrap().to_owned();
        assert_eq!(version, format!("\"{}\"", seen.body["version"]));
        let change = |version: &str| {
            shop.request(method.clone(), &path).header("if-match", version).json(&body).send()
        };
        assert_eq!(change("\"99\"").await.status, 412, "{path}");
        change(&version).await.ok();
        assert_eq!(change(&version).await.status, 412, "{path}: it was changed since");
    }
}

async fn refusals_say_what_is_wrong_in_one_shape(shop: &Shop) {
    let mut wrong = somebody(-1, "euro");
    (wrong["name"], wrong["email"]) = (json!(""), json!("nobody"));
    let post = |path: &str| shop.request(Method::POST, path);
    let large = format!("{{\"name\": \"{}\"}}", "x".repeat(70_000));
    let as_json = "application/json";
    for (answer, status) in [
        (post("/customers").header("content-type", as_json).text("{").send().await, 400),
        (shop.get(&format!("/customers/{NOBODY}")).await, 404),
        (shop.get(&format!("/orders/{NOBODY}")).await, 404),
        (shop.get("/products/NONE").await, 404),
        (shop.get("/nothing").await, 404),
        (shop.delete("/customers").await, 405),
        (post("/customers").header("content-type", as_json).text(&large).send().await, 413),
        (post("/customers").header("content-type", "text/plain").text("hello").send().await, 415),
        (shop.post("/customers", &wrong).await, 422),
    ] {
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{answer:?}");
        assert_eq!(answer.body["status"], status);
        assert!(answer.code().chars().all(|c| c.is_ascii_uppercase() || c == '_'), "{answer:?}");
        for field in ["type", "title", "detail", "code", "trace_id"] {
            assert!(answer.body[field].is_string(), "{field} of {answer:?}");
        }
    }
    let all = shop.post("/customers", &wrong).await;
    assert!(all.body["errors"].as_array().is_some_and(|errors| errors.len() >= 3), "{all:?}");
}

async fn every_answer_has_a_trace(shop: &Shop) {
    let registered = shop.post("/customers", &somebody(100, "EUR")).await;
    assert_eq!(registered.header("x-trace-id").map(str::len), Some(32));
    let missing = shop.get(&format!("/customers/{NOBODY}")).await;
    assert_eq!(missing.header("x-trace-id"), missing.body["trace_id"].as_str());
}

async fn lists_come_in_pages(shop: &Shop) {
    for number in 0..5 {
        shop.customer(100).await;
        shop.product(&format!("P{number}"), 100, 1).await;
    }
    for list in ["customers", "products"] {
        let (mut seen, mut cursor) = (0, String::new());
        loop {
            let page = shop.get(&format!("/{list}?limit=2{cursor}")).await.ok();
            seen += page["items"].as_array().unwrap().len();
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen, 5, "{list}");
    }
}

async fn a_style_that_is_no_ledger_does_not_look_back(shop: &Shop) {
    shop.product("TEA", 100, 1).await;
    let expected = if shop.style.as_str() == "event-sourcing" { 200 } else { 501 };
    assert_eq!(shop.get("/products/TEA/history").await.status, expected);
    assert_eq!(shop.get("/products/TEA?version=1").await.status, expected);
    if expected == 200 {
        a_ledger_looks_back(shop).await;
    }
}

async fn a_ledger_looks_back(shop: &Shop) {
    let price = json!({"unit_price": {"amount": 120, "currency": "EUR"}});
    shop.request(Method::PATCH, "/products/TEA").json(&price).send().await.ok();
    let amount = async |path: &str| shop.get(path).await.ok()["unit_price"]["amount"].clone();
    assert_eq!(amount("/products/TEA").await, 120);
    assert_eq!(amount("/products/TEA?version=1").await, 100);
    let history = shop.get("/products/TEA/history").await.ok();
    let events: Vec<_> = history["events"].as_array().unwrap().iter().map(|event| &event["event"]).collect();
    assert_eq!(events, ["added", "repriced"]);
    // The clock of this system stands still between requests, so all of it happened at one instant.
    let then = history["events"][0]["recorded_at"].as_str().unwrap();
    assert_eq!(amount(&format!("/products/TEA?as_of={then}&known_at={then}")).await, 120);
    for before in ["as_of=2000-01-01T00:00:00Z", "known_at=2000-01-01T00:00:00Z"] {
        assert_eq!(shop.get(&format!("/products/TEA?{before}")).await.status, 404);
    }
    assert_eq!(shop.get("/products/TEA?version=x").await.status, 422);
    assert_eq!(shop.get("/products/NONE/history").await.status, 404);

    let ada = shop.customer(10_000).await;
    let id = shop.order(&ada, &[("TEA", 1)]).await;
    assert_eq!(shop.get(&format!("/orders/{id}?version=1")).await.ok()["items"], json!([]));
    assert_eq!(shop.get(&format!("/orders/{id}/history")).await.ok()["events"][0]["event"], "created");
    assert_eq!(shop.get(&format!("/customers/{ada}/history")).await.ok()["events"][0]["event"], "registered");
}
