//! What the whole system shows to Prometheus, once orders of every kind have gone through it.

mod exposition;
mod prometheus;

use std::{fs, path::PathBuf, time::Duration};

use axum::http::{HeaderValue, header};
use chassis::client::Call;
use exposition::Exposition;
use prometheus::Prometheus;
use serde_json::Value;

use crate::{
    client::Client,
    patience::until,
    process::{Process, Storage, Up, switchyard},
};

/// Orders that are completed, refused by each participant, cancelled at every moment, and not paid.
const SAMPLES: [&str; 4] = ["happy", "refusals", "cancels", "payments"];

/// Where the families are explained, and what begins and ends their table there.
const DOCUMENT: &str = "docs/metrics.md";
const TABLE: [&str; 2] = ["<!-- metrics -->\n", "<!-- /metrics -->\n"];

#[tokio::test]
async fn every_family_has_a_series_is_documented_and_is_what_prometheus_reads() {
    let directory = tempfile::tempdir().unwrap();
    let mut process = Up::on(&directory.path().join("data")).start();
    let client = Client::new().of(process.gateway());
    process.ready(&client).await;
    SAMPLES.into_iter().for_each(|file| order(&process, file));

    let shown = until("a series of every family", async || {
        let shown = Exposition::read(&scrape(&process, &client, "text/plain").await);
        let empty = shown.empty();
        if empty.is_empty() { Ok(shown) } else { Err(format!("nothing is shown of {empty:?}")) }
    });
    let shown = shown.await;
    shown.is_bounded();
    until("the table in the documents", async || {
        let shown = Exposition::read(&scrape(&process, &client, "text/plain").await);
        is_documented(&shown.table())
    })
    .await;

    prometheus::check(&scrape(&process, &client, "text/plain").await);
    let Some(prometheus) = Prometheus::scraping(process.admin()) else { return prometheus::skipped() };
    let exemplars = until("exemplars in Prometheus", async || {
        let found = prometheus.exemplars(&client, "http_server_request_duration_seconds_bucket").await?;
        if found.is_empty() { Err("there are none".to_owned()) } else { Ok(found) }
    });
    for exemplar in exemplars.await {
        let trace = exemplar["labels"]["trace_id"].as_str().unwrap();
        assert_eq!(trace.len(), 32, "{exemplar}");
    }
    let families = prometheus.families(&client).await;
    let missing: Vec<_> = shown.names().filter(|name| !families.contains(*name)).collect();
    assert!(missing.is_empty(), "Prometheus knows nothing of {missing:?}");
}

#[tokio::test]
async fn a_system_at_rest_has_nothing_left_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let mut process = Up::on(&directory.path().join("data")).start();
    let client = Client::new().of(process.gateway());
    process.ready(&client).await;
    order(&process, "happy");
    for path in ["/drain", "/rest/ordering/drain", "/messaging/billing/drain"] {
        until("nothing left to do", async || {
            let answer = client.http().send(Call::get(format!("{}{path}", process.admin()))).await;
            let left: Value = answer.map_err(|error| error.to_string())?.json().unwrap();
            let owed = left["obligations"].as_object().unwrap();
            assert!(owed.contains_key("outbox"), "{left}");
            let done = left["in_flight"] == 0 && owed.values().all(|count| count == 0);
            if done { Ok(()) } else { Err(left.to_string()) }
        })
        .await;
    }
}

/// Has a file of samples ordered in every style.
fn order(process: &Process, file: &str) {
    let mut command = switchyard(Storage::Cached);
    command.args(["order", "--style", "all", "--concurrency", "8", "--file"]);
    command.arg(root().join(format!("samples/{file}.jsonl")));
    command.args(["--gateway", process.gateway(), "--admin", process.admin()]);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{}", process.log());
}

async fn scrape(process: &Process, client: &Client, accept: &'static str) -> String {
    let call = Call::get(format!("{}/metrics", process.admin())).within(Duration::from_secs(10));
    let call = call.header(header::ACCEPT, HeaderValue::from_static(accept));
    let answer = client.http().send(call).await.unwrap();
    assert!(answer.is_success(), "{answer:?}");
    String::from_utf8(answer.body.to_vec()).unwrap()
}

/// The document has this table; where `UPDATE` is set, it has from now on. What is looked up in a database now and then is
/// shown a little later by some services than by others, so one that lacks them is not the last word.
///
/// # Errors
/// What it should have.
fn is_documented(table: &str) -> Result<(), String> {
    let path = root().join(DOCUMENT);
    let document = fs::read_to_string(&path).unwrap();
    let (before, rest) = document.split_once(TABLE[0]).unwrap();
    let (present, after) = rest.split_once(TABLE[1]).unwrap();
    if present == table {
        return Ok(());
    }
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, [before, TABLE[0], table, TABLE[1], after].concat()).unwrap();
    }
    let lines: Vec<_> = present.lines().collect();
    let new: Vec<_> = table.lines().filter(|line| !lines.contains(line)).collect();
    let advice = "is not up to date: run `UPDATE=1 cargo test -p e2e metrics` and look at what has changed";
    Err(format!("{DOCUMENT} {advice}; it lacks\n{}", new.join("\n")))
}

fn root() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), ".."].iter().collect()
}
