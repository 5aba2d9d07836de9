//! `switchyard up --demo`.

use std::{collections::BTreeSet, time::Duration};

use chassis::{
    client::{Call, HttpClient, Options},
    platform::Platform,
    retention::Retention,
};
use contracts::style::Style;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};

use crate::{
    one_thread::{beside_a_system, platform},
    stand_in::{Faults, stand_in_with},
    terminal::switchyard,
};

/// How long the demo may take to show something, on the clock of the test.
const PATIENCE: Duration = Duration::from_mins(15);

/// How an order ended: where, and why.
type End = (String, Option<String>);

/// Every way in which an order can end.
fn every_end() -> BTreeSet<End> {
    let end = |status: &str, reason: Option<&str>| (status.to_owned(), reason.map(str::to_owned));
    let reasons = ["UNKNOWN_CUSTOMER", "INSUFFICIENT_CREDIT", "CURRENCY_MISMATCH", "OUT_OF_STOCK"];
    let refused = reasons.map(|reason| end("REJECTED", Some(reason)));
    let others =
        [("COMPLETED", None), ("SHIPPED", None), ("CANCELLED", None), ("CANCELLED", Some("CARRIER_REFUSED"))];
    refused.into_iter().chain(others.map(|(status, reason)| end(status, reason))).collect()
}

/// Looks at a style from outside.
struct Visitor {
    client: HttpClient,
    style: Style,
}

impl Visitor {
    fn of(platform: &Platform, style: Style) -> Self {
        Self { client: HttpClient::new(platform, Options::default()), style }
    }

    /// Everything in a list.
    async fn list(&self, what: &str) -> Vec<Value> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let url = format!("http://127.0.0.1:8080/{}/v1/{what}?limit=100{cursor}", self.style);
            let page: Value = self.client.send(Call::get(url)).await.unwrap().json().unwrap();
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            let Some(next) = page["next"].as_str() else { return items };
            cursor = format!("&cursor={next}");
        }
    }

    /// How those orders ended that did.
    async fn ends(&self) -> BTreeSet<End> {
        let orders = self.list("orders").await;
        let ended = orders.iter().filter(|order| order["waiting_for"].is_null() && order["status"] != "OPEN");
        let text = |value: &Value| value.as_str().map(str::to_owned);
        ended.map(|order| (text(&order["status"]).unwrap(), text(&order["reason"]))).collect()
    }

    /// Waits until orders have ended in every way; fails at one that is none of them, or if it takes too long.
    async fn until_everything_was_seen(&self) {
        let expected = every_end();
        let last = Instant::now() + PATIENCE;
        loop {
            let ends = self.ends().await;
            let strange: Vec<_> = ends.difference(&expected).collect();
            assert!(strange.is_empty(), "{}: {strange:?}", self.style);
            let missing: Vec<_> = expected.difference(&ends).collect();
            if missing.is_empty() {
                return;
            }
            assert!(Instant::now() < last, "{}: none ended as {missing:?}", self.style);
            sleep(Duration::from_secs(5)).await;
        }
    }

    /// The orders that were shipped and are not paid.
    async fn unpaid(&self) -> BTreeSet<String> {
        let orders = self.list("orders").await;
        let unpaid = orders.iter().filter(|it| it["waiting_for"].is_null() && it["status"] == "SHIPPED");
        unpaid.map(|order| order["id"].as_str().unwrap().to_owned()).collect()
    }

    /// Orders that are there now, and waits until there are more.
    async fn until_there_is_more(&self) {
        let before = self.list("orders").await.len();
        let more = async {
            while self.list("orders").await.len() < before + 10 {
                sleep(Duration::from_secs(5)).await;
            }
        };
        let came = timeout(PATIENCE, more).await;
        assert!(came.is_ok(), "{}: no more orders come after {before}", self.style);
    }
}

#[tokio::test(start_paused = true)]
async fn a_day_of_the_demo_ends_as_it_says() {
    let stand_in = stand_in_with(&[Style::Rest], Faults::default());
    let day = concat!(env!("CARGO_MANIFEST_DIR"), "/src/demo/day.jsonl");
    switchyard(&stand_in.platform, &["order", "--concurrency", "16", "--file", day]).await.with(0);
    let verified = switchyard(&stand_in.platform, &["verify"]).await;
    assert!(verified.told(0).contains(" 0 broken"), "{}", verified.out);
}

#[tokio::test(start_paused = true)]
async fn the_demo_shows_every_end_in_every_style_and_goes_on_after_a_restart() {
    let (platform, data, keep) = (platform(), tempfile::tempdir().unwrap(), Retention::default());
    let visitors = Style::ALL.map(|style| Visitor::of(&platform, style));
    let until_seen = async {
        for visitor in &visitors {
            visitor.until_everything_was_seen().await;
        }
    };
    Box::pin(beside_a_system(&platform, data.path(), &["--demo", "--demo-rate", "10"], keep, until_seen))
        .await;
    let go_on = async {
        for visitor in &visitors {
            visitor.until_there_is_more().await;
            // What was there was found again.
            assert_eq!(
                (visitor.list("customers").await.len(), visitor.list("products").await.len()),
                (10, 11)
            );
        }
    };
    Box::pin(beside_a_system(&platform, data.path(), &["--demo", "--demo-rate", "10"], keep, go_on)).await;
    let verify = async {
        let verified = switchyard(&platform, &["verify"]).await;
        assert!(verified.told(0).contains(" 0 broken"), "{}", verified.out);
    };
    Box::pin(beside_a_system(&platform, data.path(), &[], keep, verify)).await;
}

#[tokio::test(start_paused = true)]
async fn the_demo_pays_an_order_whose_payment_was_refused_another_time() {
    let (platform, data) = (platform(), tempfile::tempdir().unwrap());
    let visitor = Visitor::of(&platform, Style::Rest);
    let work = async {
        switchyard(&platform, &["simulators", "set", "payment", "--behaviour", "decline"]).await.with(0);
        // It leaves five as they are: with ten, some were tried in vain.
        while visitor.unpaid().await.len() < 10 {
            sleep(Duration::from_secs(1)).await;
        }
        let refused = visitor.unpaid().await;
        switchyard(&platform, &["simulators", "set", "payment", "--reset"]).await.with(0);
        while !visitor.unpaid().await.is_disjoint(&refused) {
            sleep(Duration::from_secs(1)).await;
        }
    };
    let in_time = async { assert!(timeout(PATIENCE, work).await.is_ok(), "they stay unpaid") };
    let options = ["--styles", "rest", "--demo", "--demo-rate", "10"];
    Box::pin(beside_a_system(&platform, data.path(), &options, Retention::default(), in_time)).await;
}
