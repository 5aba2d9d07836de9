//! How large it is: at rest, as a file, and after many orders.

use std::{fs, time::Duration};

use contracts::Style;

use crate::{
    Failure,
    figures::median,
    orders::load,
    program::{self, Setting, System},
    report::Row,
};

const MIB: f64 = 1024.0 * 1024.0;

/// How long a system is left alone before it counts as idle.
const IDLE: Duration = Duration::from_secs(2);

/// Two styles and all of them at rest, the time to `ready`, and the program itself.
pub(crate) async fn rows(rounds: usize) -> Result<Vec<Row>, Failure> {
    let mut rows = at_rest("two styles", "rest,messaging", 64.0, rounds).await?;
    let all = Style::ALL.map(Style::as_str).join(",");
    rows.extend(at_rest("all styles", &all, 128.0, rounds).await?);
    #[expect(clippy::cast_precision_loss, reason = "nobody reads the last byte")]
    let program = fs::metadata(program::path()?)?.len() as f64 / MIB;
    rows.push(Row::new("the program's file", program, "MiB").at_most(40.0));
    Ok(rows)
}

/// How soon a system is ready, and what it takes when nothing happens: at most `most` MiB.
async fn at_rest(called: &str, styles: &str, most: f64, rounds: usize) -> Result<Vec<Row>, Failure> {
    let (mut resident, mut ready) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let system = System::start(&Setting::of(styles)).await?;
        ready.push(system.ready_after.as_secs_f64() * 1000.0);
        tokio::time::sleep(IDLE).await;
        resident.push(system.resident()? / MIB);
        system.stop().await?;
    }
    Ok(vec![
        Row::new(format!("`up` with {called}, to `ready`"), median(ready), "ms").at_most(1000.0),
        Row::new(format!("`up` with {called}, resident when idle"), median(resident), "MiB").at_most(most),
    ])
}

/// What grows in the files if everything that may be forgotten is, after 30 s: orders, their histories, invoices, shipments and
/// the ledgers of the systems outside are kept for good.
pub(crate) async fn rows_of_forgetting(styles: &[&'static str]) -> Result<Vec<Row>, Failure> {
    const VARIABLES: [&str; 5] = [
        "RETAIN_IDEMPOTENCY_SECONDS",
        "RETAIN_INBOX_SECONDS",
        "RETAIN_TOMBSTONES_SECONDS",
        "RETAIN_SAGAS_SECONDS",
        "RETAIN_JOURNAL_SECONDS",
    ];
    const MINUTE: [&str; 6] = ["--rate", "100", "--duration", "60s", "--concurrency", "256"];
    const ORDERS_OF_A_MINUTE: f64 = 6_000.0;
    let mut rows = Vec::new();
    for style in styles {
        let keeping = System::start(&Setting::of(*style)).await?;
        let forgetting = VARIABLES.iter().fold(Setting::of(*style), |setting, name| setting.with(name, "30"));
        let forgetting = System::start(&forgetting).await?;
        let (mut kept, mut left) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            tokio::try_join!(load(&keeping, style, &MINUTE), load(&forgetting, style, &MINUTE))?;
            kept.push(keeping.files()?);
            left.push(forgetting.files()?);
        }
        keeping.stop().await?;
        forgetting.stop().await?;
        // In the first minute files grow to the size that what is kept for a while needs.
        let growth = |sizes: &[f64]| (sizes[2] - sizes[1]) / ORDERS_OF_A_MINUTE / 1024.0;
        let name = format!("`{style}`, growth of the files by an order, retention 30 s");
        rows.push(Row::new(name, growth(&left), "KiB").beside("everything kept", growth(&kept)));
    }
    Ok(rows)
}

/// What the 10,000th order leaves behind in memory, and what the 100,000th does.
pub(crate) async fn rows_of_many(styles: &[&'static str]) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    for style in styles {
        let system = System::start(&Setting::of(*style)).await?;
        load(&system, style, &["--orders", "10000"]).await?;
        let few = system.resident()?;
        load(&system, style, &["--orders", "90000"]).await?;
        let many = system.resident()?;
        system.stop().await?;
        let row = Row::new(format!("`{style}`, resident after 100,000 orders"), many / MIB, "MiB");
        let row = row.beside("after 10,000", few / MIB).at_most(1.2 * few / MIB);
        rows.push(row);
    }
    Ok(rows)
}
