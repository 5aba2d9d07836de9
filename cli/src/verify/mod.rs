//! `switchyard verify`: the invariants of the domain, on a running system.

mod finding;
mod folds;
mod invariants;
mod read;
mod report;
mod snapshot;
mod views;

#[cfg(test)]
mod tests;

pub use finding::{Finding, Offence, Verdict};
pub use invariants::check;
pub use snapshot::{Folds, Generation, Ledgers, Snapshot, System, Views};

use std::{path::PathBuf, time::Duration};

use chassis::platform::Platform;

use crate::{
    audit,
    console::Console,
    durations::duration,
    failure::{Exit, Failure},
    remote::{Admin, AdminArgs},
    write::write_json,
};

/// What `verify` can be told.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    admin: AdminArgs,

    /// How long to wait for the system to come to rest: most invariants hold only then.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration)]
    wait: Duration,

    /// Write the findings as JSON to this file, too.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Checks every style that the system has, and tells what is broken.
///
/// # Errors
/// The system cannot be asked, or the file cannot be written.
pub async fn run(args: Args, platform: &Platform, console: &Console) -> Result<Exit, Failure> {
    let admin = args.admin.connect(platform);
    let findings = findings(&admin, args.wait).await?;
    report::print(&findings, console);
    if let Some(file) = &args.json {
        write_json(file, &findings)?;
    }
    Ok(Exit::done_if(findings.iter().all(|finding| !finding.verdict.is_broken())))
}

/// What is found on a running system, once it is at rest or `wait` is over.
///
/// # Errors
/// The system cannot be asked.
pub async fn findings(admin: &Admin, wait: Duration) -> Result<Vec<Finding>, Failure> {
    let apps = admin.apps().await?;
    let styles = read::styles(&apps);
    if styles.is_empty() {
        let what = "the admin port shows no service that owns anything";
        return Err(
            Failure::failed(what).advise("Is it that of `switchyard up`? `switchyard doctor` looks further.")
        );
    }
    audit::until_rest(admin, &apps, &styles, wait).await?;
    let findings = check(&read::snapshot(admin, &apps, &styles).await?);
    if findings.iter().all(|finding| !finding.verdict.is_broken()) {
        return Ok(findings);
    }
    // Services are read one after the other. What only looked broken since something moved meanwhile is not the next time.
    audit::until_rest(admin, &apps, &styles, wait).await?;
    Ok(check(&read::snapshot(admin, &apps, &styles).await?))
}
