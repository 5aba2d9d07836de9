//! `switchyard saga`: how far the process of an order has come, step by step.

use chassis::platform::Platform;
use contracts::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    apps::{StyleArgs, found},
    console::Console,
    failure::{Exit, Failure},
    remote::{AdminArgs, App},
};

/// What `saga` can be told.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The id of the saga: that of its order.
    id: Uuid,

    #[command(flatten)]
    styles: StyleArgs,

    #[command(flatten)]
    admin: AdminArgs,
}

/// A saga, as the service that runs it shows it.
#[derive(Deserialize)]
struct Saga {
    name: String,
    phase: String,
    started_at: i64,
    changed_at: i64,
    #[serde(default)]
    progress: Value,
    log: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    at: i64,
    step: String,
    entry: String,
    detail: Option<String>,
}

/// Shows every step that the saga took.
///
/// # Errors
/// The admin port does not tell, or nobody has such a saga.
pub async fn run(args: Args, platform: &Platform, console: &Console) -> Result<Exit, Failure> {
    let admin = args.admin.connect(platform);
    for app in args.styles.apps(&admin).await? {
        let saga = admin.show::<Saga>(&app, &format!("/sagas/{}", args.id)).await;
        if let Some(saga) = found(saga)? {
            show(&app, &saga, console);
            return Ok(Exit::Done);
        }
    }
    Err(Failure::failed(format!("there is no saga {}", args.id))
        .advise("A saga has the id of its order, begins when the order is placed, is kept in the orchestrated styles only, and is \
            forgotten a while after it is over: a day, unless RETAIN_SAGAS_SECONDS says otherwise."))
}

fn show(App { style, service }: &App, saga: &Saga, console: &Console) {
    let Saga { name, phase, started_at, changed_at, progress, log } = saga;
    let started = Timestamp::from_micros(*started_at);
    console.line(format_args!("{name} of {service} in the style {style}: {phase}"));
    console.line(format_args!("began {started}, moved last {}", Timestamp::from_micros(*changed_at)));
    for (step, state) in progress.get("steps").and_then(Value::as_object).into_iter().flatten() {
        console.line(format_args!("  {step:<18} {}", state.as_str().unwrap_or_default()));
    }
    console.line("log");
    for Entry { at, step, entry, detail } in log {
        let after = (at - started_at) as f64 / 1000.0;
        let detail = detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
        console.line(format_args!("  {after:>10.1} ms  {step:<18} {entry}{detail}"));
    }
}
