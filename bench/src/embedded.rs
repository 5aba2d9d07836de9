//! Everything about the system in one process, section by section.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::ValueEnum;
use contracts::Style;
use tokio::time::Instant;

use crate::{
    Failure, long, orders, rebuild,
    report::{self, Row},
    reserve, size, store, telemetry,
};

/// What can be measured alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Section {
    /// One service's command.
    Command,
    /// The event store: appends, streams, replay.
    Store,
    /// The views of a long ledger, built anew while they answer.
    Rebuild,
    /// Orders to their outcome in every style, as fast as they can and at a rate, and until they are in the views.
    Orders,
    /// What logs and traces cost.
    Telemetry,
    /// At rest: how soon it is ready, its memory, the program's file.
    Sizes,
}

/// What to measure, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Write the rows to this file, too, as a JSON array.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Only these sections, separated by commas.
    #[arg(long, value_name = "SECTION", value_delimiter = ',')]
    only: Vec<Section>,
    /// The styles to measure orders in, separated by commas.
    #[arg(long, value_delimiter = ',', default_values_t = Style::ALL)]
    styles: Vec<Style>,
    /// How many rounds; what is told is their median.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=99))]
    rounds: u32,
    /// Instead of the sections, look how memory and files grow from the 10,000th order to the 100,000th and over three minutes: four
    /// to nine minutes for each style.
    #[arg(long, conflicts_with = "only")]
    long: bool,
}

/// Measures, and prints as it goes: each section's table when it is done, and all of it at the end.
pub(crate) async fn run(options: &Options) -> Result<(), Failure> {
    let rounds = options.rounds as usize;
    say(&format!(
        "{rounds} rounds; every commit is synced (WAL, synchronous=FULL); the generator runs on the same machine"
    ));
    let mut all = All::default();
    if options.long {
        for style in &options.styles {
            say(&format!("`{style}`: a hundred thousand orders, then three minutes of forgetting …"));
            let began = Instant::now();
            all.tell(long::rows(style.as_str()).await, began);
        }
    } else {
        let wanted = |section: &Section| options.only.is_empty() || options.only.contains(section);
        for section in Section::value_variants().iter().filter(|it| wanted(it)) {
            let began = Instant::now();
            all.tell(measure(*section, &options.styles, rounds).await, began);
        }
    }
    all.end(options.json.as_deref())
}

/// What was measured so far, and what could not be.
#[derive(Default)]
struct All {
    rows: Vec<Row>,
    failures: Vec<String>,
}

impl All {
    /// Prints what was measured last; what comes after it is measured though it may have failed.
    fn tell(&mut self, measured: Result<Vec<Row>, Failure>, began: Instant) {
        say(&format!("… for {:.0} s", began.elapsed().as_secs_f64()));
        match measured {
            Ok(rows) => {
                say(&report::table(&rows));
                self.rows.extend(rows);
            }
            Err(failure) => {
                say(&format!("could not be measured: {failure}"));
                self.failures.push(failure.to_string());
            }
        }
    }

    fn end(self, json: Option<&Path>) -> Result<(), Failure> {
        say(&format!("\n{}", report::table(&self.rows)));
        if let Some(file) = json {
            fs::write(file, serde_json::to_string_pretty(&self.rows)?)?;
        }
        if self.failures.is_empty() { Ok(()) } else { Err(self.failures.join("; ").into()) }
    }
}

async fn measure(section: Section, styles: &[Style], rounds: usize) -> Result<Vec<Row>, Failure> {
    match section {
        Section::Command => {
            say("a command of one service …");
            reserve::rows(rounds).await
        }
        Section::Store => {
            say("the event store …");
            store::rows(rounds).await
        }
        Section::Rebuild => {
            say("the views of a million events, built twice …");
            rebuild::rows().await
        }
        Section::Orders => {
            say("orders to their outcome …");
            let names: Vec<_> = styles.iter().map(|style| style.as_str()).collect();
            orders::rows(&names, rounds).await
        }
        Section::Telemetry => {
            say("what telemetry costs …");
            let mut rows = Vec::new();
            for style in styles.iter().filter(|style| !style.is_choreographed()) {
                rows.extend(telemetry::rows(style.as_str(), rounds).await?);
            }
            Ok(rows)
        }
        Section::Sizes => {
            say("sizes …");
            size::rows(rounds).await
        }
    }
}

#[expect(clippy::print_stdout, reason = "a command's own output")]
fn say(line: &str) {
    println!("{line}");
}
