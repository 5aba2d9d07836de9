//! The whole system, measured by its own command.

use serde_json::Value;

use crate::{
    client::Client,
    process::{Storage, Up, switchyard, verify},
    report::report,
};

#[tokio::test]
async fn every_order_of_a_load_is_accounted_for() {
    let directory = tempfile::tempdir().unwrap();
    let mut process = Up::on(&directory.path().join("data")).start();
    let client = Client::new().of(process.gateway());
    process.ready(&client).await;

    let file = directory.path().join("load.json");
    let mut load = switchyard(Storage::Cached);
    load.args(["load", "--style", "all", "--orders", "200", "--concurrency", "16", "--seed", "1"]);
    load.args(["--gateway", process.gateway(), "--admin", process.admin(), "--json"]).arg(&file);
    let output = tokio::task::spawn_blocking(move || load.output().unwrap()).await.unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}{}\n{}", String::from_utf8_lossy(&output.stderr), process.log());
    report(format_args!("{told}"));

    let reports: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let reports = reports.as_array().unwrap();
    assert_eq!(reports.len(), contracts::Style::ALL.len(), "{told}");
    for style in reports {
        assert_eq!(
            (&style["orders"]["sent"], &style["orders"]["ended"]),
            (&200.into(), &200.into()),
            "{told}"
        );
        let outcomes = style["outcomes"].as_array().unwrap();
        let orders: u64 = outcomes.iter().map(|outcome| outcome["orders"].as_u64().unwrap()).sum();
        assert_eq!(orders, 200, "{told}");
    }
    verify(&process);
}
