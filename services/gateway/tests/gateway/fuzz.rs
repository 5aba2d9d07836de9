//! Whatever a client sends, the gateway itself never fails.

use axum::http::{HeaderName, HeaderValue, Method};
use chassis::{client::Call, ids::Random};
use gateway::routes::ROUTES;

use crate::rig::Rig;

/// Requests to each route; more with `FUZZ_ROUNDS`.
const ROUNDS: usize = 20;

const HEADERS: [&str; 12] = [
    "accept",
    "connection",
    "content-type",
    "grpc-timeout",
    "idempotency-key",
    "if-match",
    "last-event-id",
    "prefer",
    "te",
    "traceparent",
    "x-actor",
    "x-request-timeout-ms",
];

#[tokio::test(start_paused = true)]
async fn nothing_that_a_client_sends_is_500() {
    let seed =
        std::env::var("FUZZ_SEED").map_or_else(|_| Random::system().next_u64(), |seed| seed.parse().unwrap());
    let rounds = std::env::var("FUZZ_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    println!("FUZZ_SEED={seed}");
    let random = Random::seeded(seed);
    let rig = Rig::of_mirrors();
    for _ in 0..rounds {
        for route in ROUTES {
            let (path, method) = (path(&random, route.path), method(&random, route.method));
            let mut call = Call::new(method, rig.at(&path)).body(body(&random));
            for _ in 0..below(&random, 4) {
                let name = HeaderName::from_static(HEADERS[below(&random, HEADERS.len())]);
                if let Ok(value) = HeaderValue::from_bytes(&bytes(&random, 40)) {
                    call = call.header(name, value);
                }
            }
            let asked = format!("{call:?}");
            // What is no URL at all never leaves the client.
            if let Ok(answer) = rig.client.send(call).await {
                assert_ne!(answer.status, 500, "FUZZ_SEED={seed}: {asked}");
                assert!(answer.headers.contains_key("x-trace-id"), "FUZZ_SEED={seed}: {asked}");
            }
        }
    }
    assert_eq!(rig.get("/v1/orders").await.status, 200, "FUZZ_SEED={seed}");
}

fn below(random: &Random, bound: usize) -> usize {
    (random.next_u64() % bound as u64) as usize
}

fn bytes(random: &Random, longest: usize) -> Vec<u8> {
    (0..below(random, longest + 1)).map(|_| random.next_u64() as u8).collect()
}

/// The route's own method, mostly.
fn method(random: &Random, own: &str) -> Method {
    let others = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "BREW"];
    let method = if below(random, 4) > 0 { own } else { others[below(random, others.len())] };
    method.parse().unwrap()
}

/// The route's path, with anything for its parameters, and anything for a query.
fn path(random: &Random, template: &str) -> String {
    let fill = |segment: &str| match segment.starts_with('{') {
        true if below(random, 2) == 0 => "0198c5f0-3a6e-7c61-8f6e-2f3d1c9b7a10".to_owned(),
        true => text(random, "abz09-._~%2eé!$&'()*+,;=:@"),
        false => segment.to_owned(),
    };
    let path: Vec<_> = template.split('/').map(fill).collect();
    let names = ["include", "version", "limit", "order_id", "x"];
    format!("{}?{}={}", path.join("/"), names[below(random, names.len())], text(random, "ab,=&%20+%ffé/?:@"))
}

fn text(random: &Random, characters: &str) -> String {
    let characters: Vec<_> = characters.chars().collect();
    (0..=below(random, 20)).map(|_| characters[below(random, characters.len())]).collect()
}

/// Bytes, or JSON of any shape.
fn body(random: &Random) -> Vec<u8> {
    if below(random, 2) == 0 { bytes(random, 300) } else { json(random, 4).into_bytes() }
}

fn json(random: &Random, depth: usize) -> String {
    let kinds = if depth == 0 { 4 } else { 6 };
    let inner = || (0..below(random, 4)).map(|_| json(random, depth - 1)).collect::<Vec<_>>();
    match below(random, kinds) {
        0 => "null".to_owned(),
        1 => "true".to_owned(),
        2 => format!("{}e{}", random.next_u64(), below(random, 400)),
        3 => format!("{:?}", text(random, "sku quantity\u{e9}")),
        4 => format!("[{}]", inner().join(",")),
        _ => format!(
            "{{{}}}",
            inner().iter().map(|value| format!("\"quantity\":{value}")).collect::<Vec<_>>().join(",")
        ),
    }
}
