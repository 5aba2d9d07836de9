//! `switchyard doctor`: what is wrong with a system or with the machine that it runs on, and what to do about it.

mod machine;
mod system;

use std::path::PathBuf;

use chassis::platform::Platform;

use crate::{
    console::Console,
    failure::{Exit, Failure},
    remote::{AdminArgs, GatewayArgs},
};

/// Where `up` keeps everything unless told otherwise.
const DATA_DIR: &str = "switchyard-data";

/// What `doctor` can be told.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    gateway: GatewayArgs,

    #[command(flatten)]
    admin: AdminArgs,

    /// Where the system keeps its data.
    #[arg(long, value_name = "DIR", default_value = DATA_DIR)]
    data_dir: PathBuf,
}

/// What one look found.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Finding {
    grade: Grade,
    what: String,
    /// What to do about it.
    advice: Option<String>,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grade {
    Well,
    /// It works, and may soon not.
    Doubtful,
    Broken,
}

impl Finding {
    fn well(what: impl Into<String>) -> Self {
        Self { grade: Grade::Well, what: what.into(), advice: None }
    }

    fn doubtful(what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { grade: Grade::Doubtful, what: what.into(), advice: Some(advice.into()) }
    }

    fn broken(what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { grade: Grade::Broken, ..Self::doubtful(what, advice) }
    }
}

/// Looks at everything, whatever is found, and tells it.
///
/// # Errors
/// None: what fails is a finding.
pub async fn run(args: Args, platform: &Platform, console: &Console) -> Result<Exit, Failure> {
    let mut findings = system::gateway(&args.gateway, platform).await;
    findings.extend(system::admin(&args.admin, platform).await);
    findings.extend(machine::directory(&args.data_dir));
    for Finding { grade, what, advice } in &findings {
        let mark = match grade {
            Grade::Well => "ok     ",
            Grade::Doubtful => "doubt  ",
            Grade::Broken => "BROKEN ",
        };
        console.line(format_args!("{mark} {what}"));
        if let Some(advice) = advice {
            console.line(format_args!("        {advice}"));
        }
    }
    Ok(Exit::done_if(findings.iter().all(|finding| finding.grade != Grade::Broken)))
}
