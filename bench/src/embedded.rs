//! Everything about the system in one process.

use std::{fs, path::Path};

use contracts::Style;

use crate::{
    Failure, orders,
    report::{self, Row},
    reserve, size, telemetry,
};

/// Measures these styles, and prints as it goes.
pub(crate) async fn run(
    styles: &[Style],
    rounds: usize,
    long: bool,
    json: Option<&Path>,
) -> Result<(), Failure> {
    let names: Vec<&'static str> = styles.iter().map(|style| style.as_str()).collect();
    say(&format!(
        "{rounds} rounds; every commit is synced (WAL, synchronous=FULL); the generator runs on the same machine"
    ));
    let mut rows: Vec<Row> = Vec::new();
    say("a command of one service …");
    rows.extend(reserve::rows(rounds).await?);
    say("orders to their outcome …");
    rows.extend(orders::rows(&names, rounds).await?);
    say("what telemetry costs …");
    for style in styles.iter().filter(|style| !style.is_choreographed()) {
        rows.extend(telemetry::rows(style.as_str(), rounds).await?);
    }
    say("sizes …");
    rows.extend(size::rows(rounds).await?);
    if long {
        say("a hundred thousand orders in each style …");
        rows.extend(size::rows_of_many(&names).await?);
        say("three minutes of orders in each style, to see what is forgotten …");
        rows.extend(size::rows_of_forgetting(&names).await?);
    }
    say(&format!("\n{}", report::table(&rows)));
    if let Some(file) = json {
        fs::write(file, serde_json::to_string_pretty(&rows)?)?;
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a command's own output")]
fn say(line: &str) {
    println!("{line}");
}
