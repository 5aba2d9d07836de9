//! `switchyard order`: one order, or a file of them, to the outcome.

mod life;
mod measure;
mod names;
mod plan;
mod replay;
mod report;
mod run;
mod scripts;
mod show;
mod table;

use std::{collections::BTreeSet, fs, path::PathBuf, time::Duration};

use chassis::platform::Platform;

use crate::{
    audit::{simulators_of, until_rest},
    console::Console,
    durations::duration,
    failure::{Exit, Failure},
    remote::{Admin, AdminArgs, App, Gateway, GatewayArgs},
    styles::{self, Choice, Chosen},
    workload::{self, Run, Workload},
    write::write_json,
};
pub(crate) use names::Names;
pub use replay::{Replay, Replayed};
pub use report::Problem;
use report::Summary;
use run::System;
pub(crate) use run::{Observer, Runner, registration};
pub(crate) use scripts::Scripts;
use show::{Counter, Narrator};

/// The workload of `order` without a file.
const ONE_ORDER: &str = include_str!("one_order.jsonl");

/// How long to wait for rest before the figures are read: what has an outcome may still be mailed, say.
const SETTLING: Duration = Duration::from_secs(10);

/// What `order` can be told.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The style to order in: its name, or `all` for every style that the gateway serves. Without it the gateway's default style.
    #[arg(long, value_name = "STYLE|all")]
    style: Option<Choice>,

    /// A workload: one JSON object a line, as in `samples/`. Without it a customer, a product and one order are made.
    #[arg(long, value_name = "FILE.jsonl")]
    file: Option<PathBuf>,

    /// How many lines of the file to work on at a time; a barrier waits for all before it.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: u16,

    /// How long an order may take to its outcome, and the system to come to rest at a barrier.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration)]
    timeout: Duration,

    #[command(flatten)]
    gateway: GatewayArgs,

    #[command(flatten)]
    admin: AdminArgs,

    /// Write the figures as JSON to this file, too.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Orders, and tells what came of it.
///
/// # Errors
/// The file makes no sense, or the system cannot be asked.
pub async fn run(args: Args, platform: &Platform, console: &Console) -> Result<Exit, Failure> {
    let workload = read(&args)?;
    let orders = Orders::prepare(&args, &workload, platform).await?;
    let mut summaries = Vec::new();
    for style in &orders.styles {
        let summary = orders.run_in(*style, console).await?;
        show::summary(&summary, args.file.is_some(), console);
        summaries.push(summary);
    }
    if args.style == Some(Choice::All) {
        table::print(&summaries, console);
    }
    if let Some(file) = &args.json {
        write_json(file, &summaries)?;
    }
    Ok(Exit::done_if(summaries.iter().all(|summary| summary.problems.is_empty())))
}

fn read(args: &Args) -> Result<Workload, Failure> {
    let Some(file) = &args.file else {
        return workload::read(ONE_ORDER).map_err(|bad| bad.of("the one order"));
    };
    let name = format!("`{}`", file.display());
    let text = fs::read_to_string(file).map_err(|error| {
        Failure::usage(format!("reading {name}: {error}")).advise("`samples/` has files to try.")
    })?;
    workload::read(&text).map_err(|bad| bad.of(&name))
}

/// Everything that is known before the first line is sent.
struct Orders<'a> {
    args: &'a Args,
    workload: &'a Workload,
    platform: &'a Platform,
    gateway: Gateway,
    admin: Admin,
    styles: Vec<Chosen>,
    /// The Apps on the admin port; `None` if there is none, and none is needed.
    apps: Option<BTreeSet<App>>,
}

impl<'a> Orders<'a> {
    /// Finds out what there is, so that nothing is sent that cannot be seen through.
    async fn prepare(
        args: &'a Args,
        workload: &'a Workload,
        platform: &'a Platform,
    ) -> Result<Self, Failure> {
        let (gateway, admin) = (args.gateway.connect(platform), args.admin.connect(platform));
        let apps = match admin.apps().await {
            Ok(apps) => Some(apps),
            Err(error) if workload.needs_admin() => return Err(error.into()),
            Err(_) => None,
        };
        let styles = styles::choose(args.style, &gateway, apps.as_ref()).await?;
        Ok(Self { args, workload, platform, gateway, admin, styles, apps })
    }

    async fn run_in(&self, style: Chosen, console: &Console) -> Result<Summary, Failure> {
        let Self { args, workload, platform, .. } = self;
        let run = Run::new(platform.random());
        let observer: Box<dyn Observer> = if args.file.is_none() {
            console.line(style.to_string());
            Box::new(Narrator(console.clone()))
        } else {
            Box::new(Counter(console.progress(&style.to_string(), workload.steps())))
        };
        let runner = Runner {
            api: self.gateway.api(style.prefix, platform.random(), args.timeout),
            names: Names::new(run.clone(), workload),
            run,
            scripts: self.scripts(style),
            system: self.system(style),
            concurrency: args.concurrency.into(),
            patience: args.timeout,
            observer: &*observer,
        };
        let mut summary = run::run(&runner, workload).await;
        summary.style = style.name.map(|style| style.to_string());
        if args.style == Some(Choice::All) || args.json.is_some() {
            self.settle(&runner).await;
            summary.per_order =
                measure::per_order(&runner.api, summary.begun.values()).await.unwrap_or_default();
        }
        Ok(summary)
    }

    fn scripts(&self, style: Chosen) -> Option<Scripts> {
        let apps = self.apps.as_ref()?;
        let simulators = style.candidates().into_iter().filter_map(|style| simulators_of(apps, style));
        let simulators: BTreeSet<_> = simulators.collect();
        Some(Scripts::new(self.admin.patient(self.args.timeout), simulators.into_iter().cloned().collect()))
    }

    fn system(&self, style: Chosen) -> Option<System> {
        let admin = self.admin.patient(self.args.timeout);
        Some(System { admin, apps: self.apps.clone()?, styles: style.candidates() })
    }

    /// Waits a little for what follows the outcomes. It only makes the figures complete: that it does not end is no failure.
    async fn settle(&self, runner: &Runner<'_>) {
        if let Some(System { admin, apps, styles }) = &runner.system {
            let _ = until_rest(admin, apps, styles, SETTLING).await;
        }
    }
}
