//! How large it is: at rest, and as a file.

use std::{fs, time::Duration};

use contracts::Style;

use crate::{
    Failure,
    figures::median,
    program::{self, Setting, System},
    report::Row,
};

pub(crate) const MIB: f64 = 1024.0 * 1024.0;

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
