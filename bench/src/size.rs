//! How large it is: at rest, as a file, and after many orders.

use std::{fs, time::Duration};

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

/// Two styles at rest, the time to `ready`, and the program itself.
pub(crate) async fn rows(rounds: usize) -> Result<Vec<Row>, Failure> {
    let (mut resident, mut ready) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let system = System::start(&Setting::of("rest,messaging")).await?;
        ready.push(system.ready_after.as_secs_f64() * 1000.0);
        tokio::time::sleep(IDLE).await;
        resident.push(system.resident()? / MIB);
        system.stop().await?;
    }
    #[expect(clippy::cast_precision_loss, reason = "nobody reads the last byte")]
    let program = fs::metadata(program::path()?)?.len() as f64 / MIB;
    Ok(vec![
        Row::new("`up` with two styles, to `ready`", median(ready), "ms").at_most(1000.0),
        Row::new("`up` with two styles, resident when idle", median(resident), "MiB").at_most(64.0),
        Row::new("the program's file", program, "MiB").at_most(40.0),
    ])
}

/// What the 10,000th order leaves behind in memory and in files, and what the 100,000th does.
pub(crate) async fn rows_of_many(styles: &[&'static str]) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    for style in styles {
        let system = System::start(&Setting::of(style)).await?;
        load(&system, style, &["--orders", "10000"]).await?;
        let (few, files_of_few) = (system.resident()?, system.files()?);
        load(&system, style, &["--orders", "90000"]).await?;
        let (many, files_of_many) = (system.resident()?, system.files()?);
        system.stop().await?;
        let row = Row::new(format!("`{style}`, resident after 100,000 orders"), many / MIB, "MiB");
        let row = row.beside("after 10,000", few / MIB).at_most(1.2 * few / MIB);
        rows.push(row);
        let row = Row::new(
            format!("`{style}`, files of an order, everything kept"),
            (files_of_many - files_of_few) / 90_000.0 / 1024.0,
            "KiB",
        );
        rows.push(row);
    }
    Ok(rows)
}
