//! The samples of the repository: each is a workload, and each ends as it says.

use std::{fs, path::PathBuf};

use contracts::style::Style;
use switchyard::workload::{self, Moment, PaymentScript, Step};

use crate::{
    stand_in::{Faults, stand_in_with},
    terminal::switchyard,
};

fn samples() -> Vec<PathBuf> {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../samples");
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut samples: Vec<_> = files.filter(|path| path.extension().is_some_and(|it| it == "jsonl")).collect();
    samples.sort();
    samples
}

async fn run_all(concurrency: &str) {
    for sample in samples() {
        let stand_in = stand_in_with(&[Style::Rest], Faults::default());
        let arguments = ["order", "--concurrency", concurrency, "--file", sample.to_str().unwrap()];
        switchyard(&stand_in.platform, &arguments).await.with(0);
        let verified = switchyard(&stand_in.platform, &["verify"]).await;
        assert!(verified.told(0).contains(" 0 broken"), "{}\n{}", sample.display(), verified.out);
    }
}

#[tokio::test(start_paused = true)]
async fn every_sample_ends_as_it_says_one_line_after_the_other() {
    run_all("1").await;
}

#[tokio::test(start_paused = true)]
async fn every_sample_ends_as_it_says_with_a_few_at_a_time() {
    run_all("7").await;
}

#[tokio::test(start_paused = true)]
async fn every_sample_ends_as_it_says_with_all_at_once() {
    run_all("300").await;
}

#[test]
fn the_thousand_have_everything() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../samples/thousand.jsonl");
    let workload = workload::read(&fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(workload.orders(), 1000);
    let orders = || {
        workload.lines.iter().filter_map(|line| match &line.step {
            Step::Order(order) => Some(order),
            _ => None,
        })
    };
    for reason in
        ["UNKNOWN_CUSTOMER", "INSUFFICIENT_CREDIT", "CURRENCY_MISMATCH", "OUT_OF_STOCK", "CARRIER_REFUSED"]
    {
        let reason = Some(serde_json::from_str(&format!("\"{reason}\"")).unwrap());
        let always =
            orders().filter(|order| order.expect.reason == [reason] && order.expect.status.len() == 1);
        assert!(always.count() >= 10, "{reason:?}");
    }
    for moment in [Moment::Open, Moment::Placed, Moment::Approved, Moment::Shipped] {
        assert!(orders().filter(|order| order.cancel_at == Some(moment)).count() >= 10, "{moment:?}");
    }
    use PaymentScript::{Accept, Decline, Hold, SoftDecline};
    for payment in [Accept, Decline, SoftDecline, Hold] {
        assert!(orders().filter(|order| order.payment == Some(payment)).count() >= 10, "{payment:?}");
    }
    for payment in [Decline, SoftDecline] {
        let later = orders().filter(|order| order.payment == Some(payment) && order.pay_later);
        assert!(later.count() >= 10, "{payment:?}, paid later");
    }
}
