//! Prometheus itself, where it is installed.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::Write as _,
    process::{Child, Command, Stdio},
};

use chassis::client::Call;
use serde_json::Value;
use tempfile::TempDir;

use crate::{client::Client, process::free_port};

/// `promtool check metrics` finds nothing; where it is not installed, this says so.
pub(super) fn check(text: &str) {
    let promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut promtool) = promtool else { return skipped() };
    promtool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "promtool: {said}");
}

/// Says that something was not tried, for want of Prometheus.
#[expect(clippy::print_stdout, reason = "what a test prints, the harness shows when it should be seen")]
pub(super) fn skipped() {
    println!("skipped, no Prometheus here");
}

/// A Prometheus with a directory of its own; killed when it is dropped.
pub(super) struct Prometheus {
    child: Child,
    url: String,
    _directory: TempDir,
}

impl Prometheus {
    /// Starts one that scrapes an admin port every second, asking for OpenMetrics as it does, and keeps exemplars. `None`
    /// where it is not installed.
    pub(super) fn scraping(admin: &str) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let target = admin.strip_prefix("http://").unwrap();
        let config = format!(
            "global: {{scrape_interval: 1s}}\nscrape_configs:\n- job_name: switchyard\n  static_configs:\n  - targets: ['{target}']\n"
        );
        fs::write(path("prometheus.yml"), config).unwrap();
        let listen = format!("127.0.0.1:{}", free_port());
        let log = File::create(path("log")).unwrap();
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", path("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", path("data").display()))
            .arg(format!("--web.listen-address={listen}"))
            .arg("--enable-feature=exemplar-storage")
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .ok()?;
        Some(Self { child, url: format!("http://{listen}"), _directory: directory })
    }

    /// The exemplars that it has of a family, once it has scraped.
    pub(super) async fn exemplars(&self, client: &Client, name: &str) -> Result<Vec<Value>, String> {
        let targets = self.ask(client, "/api/v1/targets").await?;
        let target = &targets["activeTargets"][0];
        if target["health"] != "up" {
            return Err(target["lastError"].to_string());
        }
        let query = format!("/api/v1/query_exemplars?query={name}&start=0&end=4000000000");
        let series = self.ask(client, &query).await?;
        let exemplars = series.as_array().unwrap().iter().flat_map(|it| it["exemplars"].as_array().unwrap());
        Ok(exemplars.cloned().collect())
    }

    /// The families that it was told of in what it scraped, by the names that text has for them.
    pub(super) async fn families(&self, client: &Client) -> BTreeSet<String> {
        let metadata = self.ask(client, "/api/v1/metadata").await.unwrap();
        let families = metadata.as_object().unwrap().iter();
        let named = families.map(|(name, known)| match known[0]["type"].as_str().unwrap() {
            "counter" if !name.ends_with("_total") => format!("{name}_total"),
            _ => name.clone(),
        });
        named.collect()
    }

    async fn ask(&self, client: &Client, path: &str) -> Result<Value, String> {
        let answer = client.http().send(Call::get(format!("{}{path}", self.url))).await;
        let answer: Value = answer.and_then(|it| it.json()).map_err(|error| error.to_string())?;
        Ok(answer["data"].clone())
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
