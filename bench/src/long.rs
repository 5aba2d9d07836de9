//! What many orders leave behind, in memory and in the files: minutes for each style.

use std::time::Duration;

use tokio::time::timeout;

use crate::{
    Failure,
    orders::load,
    program::{Setting, System},
    report::Row,
    size::MIB,
    tables::{self, Rows},
};

/// Longer than this no style takes: then it could not be measured.
const PATIENCE: Duration = Duration::from_secs(14 * 60);

/// What is kept for a while only, by the variable that says for how long.
const VARIABLES: [&str; 5] = [
    "RETAIN_IDEMPOTENCY_SECONDS",
    "RETAIN_INBOX_SECONDS",
    "RETAIN_TOMBSTONES_SECONDS",
    "RETAIN_SAGAS_SECONDS",
    "RETAIN_JOURNAL_SECONDS",
];

/// A minute of orders at a rate that every style carries twice over, and how many those are.
const MINUTE: [&str; 6] = ["--rate", "60", "--duration", "60s", "--concurrency", "256"];
const ORDERS_OF_A_MINUTE: f64 = 3_600.0;

/// How much may be added from the second minute to the third, and from the 10,000th order to the 100,000th, to be level.
const LEVEL: f64 = 1.2;

/// One style after many orders, and after three minutes of forgetting soon.
pub(crate) async fn rows(style: &'static str) -> Result<Vec<Row>, Failure> {
    let all = async { Ok::<_, Failure>([vec![memory(style).await?], forgetting(style).await?].concat()) };
    timeout(PATIENCE, all).await.map_err(|_| format!("`{style}` took more than {PATIENCE:?}"))?
}

/// What the 10,000th order leaves behind in memory, and what the 100,000th does.
async fn memory(style: &'static str) -> Result<Row, Failure> {
    let system = System::start(&Setting::of(style)).await?;
    load(&system, style, &["--orders", "10000"]).await?;
    let few = system.resident()?;
    load(&system, style, &["--orders", "90000"]).await?;
    let many = system.resident()?;
    system.stop().await?;
    let row = Row::new(format!("`{style}`, resident after 100,000 orders"), many / MIB, "MiB");
    Ok(row.beside("after 10,000", few / MIB).at_most(LEVEL * few / MIB))
}

/// What the files grow by if everything that may be forgotten is, after 30 s: orders, invoices, shipments, what copies and views
/// have of them, and the ledgers of the systems outside are kept for good.
async fn forgetting(style: &'static str) -> Result<Vec<Row>, Failure> {
    let keeping = System::start(&Setting::of(style)).await?;
    let forgetting = VARIABLES.iter().fold(Setting::of(style), |setting, name| setting.with(name, "30"));
    let forgetting = System::start(&forgetting).await?;
    let (mut kept, mut left, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..3 {
        tokio::try_join!(load(&keeping, style, &MINUTE), load(&forgetting, style, &MINUTE))?;
        kept.push(keeping.files()?);
        left.push(forgetting.files()?);
        rows.push(tables::rows(&forgetting.directory())?);
    }
    keeping.stop().await?;
    forgetting.stop().await?;
    let [.., second, third] = rows.as_slice() else { return Err("there were no three minutes".into()) };
    // In the first minute files grow to the size that what is kept for a while needs.
    let growth = |sizes: &[f64]| (sizes[2] - sizes[1]) / ORDERS_OF_A_MINUTE / 1024.0;
    let name = format!("`{style}`, growth of the files by an order, retention 30 s");
    let files = Row::new(name, growth(&left), "KiB").beside("everything kept", growth(&kept));
    let name =
        format!("`{style}`, rows that may be forgotten, after the third minute{}", grown(second, third));
    let before = second.values().sum::<f64>();
    let forgotten = Row::new(name, third.values().sum(), "rows").beside("after the second", before);
    Ok(vec![files, forgotten.at_most(LEVEL * before)])
}

/// Which tables have grown from one minute to the next by more than those of a level file do.
fn grown(second: &Rows, third: &Rows) -> String {
    let before = |table: &String| second.get(table).copied().unwrap_or_default();
    let grown = third.iter().filter(|(table, rows)| **rows > LEVEL * before(table) + 100.0);
    let grown: Vec<_> =
        grown.map(|(table, rows)| format!("{table} by {:.0}", rows - before(table))).collect();
    if grown.is_empty() { String::new() } else { format!(" ({})", grown.join(", ")) }
}
