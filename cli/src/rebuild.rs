//! `switchyard rebuild`: has the views of a style built anew while they answer, and tells how that goes.

use std::{collections::BTreeMap, time::Duration};

use chassis::platform::Platform;
use serde::Deserialize;
use tokio::time::{Instant, sleep};

use crate::{
    apps::StyleArgs,
    audit::VIEWS,
    console::Console,
    durations::duration,
    failure::{Exit, Failure},
    remote::{Admin, AdminArgs, App},
};

/// How often to look how far it has come.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What `rebuild` can be told.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    styles: StyleArgs,

    /// How long it may take; it goes on all the same when this is over.
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = duration)]
    wait: Duration,

    #[command(flatten)]
    admin: AdminArgs,
}

/// A generation of the tables, as the views show it.
#[derive(Deserialize)]
struct Generation {
    generation: i64,
    state: String,
    began_at: i64,
    finished_at: Option<i64>,
    compared: Option<u64>,
    different: Option<u64>,
    documents: u64,
    #[serde(default)]
    sources: BTreeMap<String, Source>,
}

/// How far an owner has come in telling everything again.
#[derive(Deserialize)]
struct Source {
    published: u64,
    received: u64,
}

/// Rebuilds the views of each style that has some, one after the other.
///
/// # Errors
/// The admin port does not tell, no style has views, or a rebuild takes too long.
pub async fn run(args: Args, platform: &Platform, console: &Console) -> Result<Exit, Failure> {
    let admin = args.admin.connect(platform);
    let apps = args.styles.apps(&admin).await?.into_iter().filter(|app| app.service == VIEWS);
    let apps: Vec<_> = apps.collect();
    if apps.is_empty() {
        return Err(Failure::failed("there are no views to rebuild")
            .advise("The style rest has none: it asks the owners each time. Every other style has."));
    }
    let mut equal = true;
    for app in apps {
        equal &= rebuild(&admin, &app, args.wait, console).await?;
    }
    Ok(Exit::done_if(equal))
}

/// Has the views of one style rebuilt; tells whether they are what they were.
async fn rebuild(admin: &Admin, app: &App, patience: Duration, console: &Console) -> Result<bool, Failure> {
    let style = &app.style;
    let answer = admin.post(app, "/rebuild", None::<&()>).await?;
    let begun: Vec<Generation> = answer.json().map_err(|error| Failure::because(&error))?;
    let Some(building) = begun.iter().map(|generation| generation.generation).max() else {
        return Err(Failure::failed(format!("the views of the style {style} keep nothing yet")));
    };
    let give_up = Instant::now() + patience;
    loop {
        let all: Vec<Generation> = admin.show(app, "/rebuild").await?;
        let Some(now) = all.iter().find(|generation| generation.generation == building) else {
            return Err(Failure::failed(format!("generation {building} of the style {style} is gone")));
        };
        if now.state == "live" {
            return Ok(tell(style, now, console));
        }
        if Instant::now() >= give_up {
            let (published, received) = now.sources.values().fold((0, 0), |(published, received), source| {
                (published + source.published, received + source.received)
            });
            let what =
                format!("{received} of {published} documents have come for generation {building} of {style}");
            return Err(Failure::failed(what).advise(
                "It goes on; `switchyard dead-letters list` tells whether something is in its way.",
            ));
        }
        sleep(LOOK_EVERY).await;
    }
}

fn tell(style: &str, now: &Generation, console: &Console) -> bool {
    let took = now.finished_at.map_or(0, |finished| finished - now.began_at);
    let took = Duration::from_micros(took.unsigned_abs());
    let different = now.different.unwrap_or(0);
    let compared = match now.compared {
        Some(compared) => format!("; of {compared} compared with the live ones {different} differed"),
        None => String::new(),
    };
    let Generation { generation, documents, .. } = now;
    console.line(format_args!(
        "{style:<16} generation {generation}: {documents} documents in {took:.2?}{compared}"
    ));
    different == 0
}
