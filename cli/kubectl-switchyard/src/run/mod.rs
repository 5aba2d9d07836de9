//! The verbs, carried out.

mod check;
mod wait;
mod watch;
mod write;

use std::{process::ExitCode, time::Duration};

use rollout::{BlueGreen, Time};

use crate::{
    cluster::Cluster,
    command_line::{Get, Status, Verb},
    console::Console,
    explain::explain,
    failure::{Exit, Failure},
    history::history,
    list::list,
    output::Output,
    picture::{Picture, draw, line},
};

/// How long an operator that runs may take to see a change.
const SEEN_WITHIN: Duration = Duration::from_secs(3);

/// Does what was typed.
pub(crate) async fn run(verb: Verb, cluster: &Cluster, console: &Console) -> Result<Exit, Failure> {
    match verb {
        Verb::Get(args) => get(args, cluster, console).await,
        Verb::Status(args) if args.watch => {
            watch::status(&args.name.unwrap_or_default(), cluster, console).await
        }
        Verb::Status(args) => status(args, cluster, console).await,
        Verb::Explain(args) => {
            let object = cluster.blue_green(&args.name).await?;
            console.show(&explain(&object, now(), console.look().width));
            Ok(Exit::Done)
        }
        Verb::History(args) => {
            let object = cluster.blue_green(&args.name).await?;
            let status = object.status.unwrap_or_default();
            if status.history.is_empty() {
                console.note(format_args!("{} has not switched yet", args.name));
            } else {
                console.show(&history(&status, now(), console.look().width));
            }
            Ok(Exit::Done)
        }
        Verb::Check(args) => check::check(args, cluster, console).await,
        writes => write::run(writes, cluster, console).await,
    }
}

/// Tells of a failure, and gives the exit code.
pub(crate) fn end(done: Result<Exit, Failure>, console: &Console) -> ExitCode {
    let exit = done.unwrap_or_else(|failure| {
        console.note(format_args!("error: {}", failure.told()));
        failure.exit()
    });
    exit.into()
}

/// The moment by this machine's clock.
pub(crate) fn now() -> Time {
    Time::from_millis(k8s_openapi::jiff::Timestamp::now().as_millisecond())
}

async fn get(args: Get, cluster: &Cluster, console: &Console) -> Result<Exit, Failure> {
    let mut objects = vec![];
    if args.names.is_empty() {
        objects = cluster.blue_greens(args.all_namespaces).await?;
    }
    for name in &args.names {
        objects.push(cluster.blue_green(name).await?);
    }
    match (args.output, &objects[..], &args.names[..]) {
        (Some(output), [object], [_]) => console.say(output.one(object)),
        (Some(Output::Name), [], _) => {}
        (Some(output), _, _) => console.say(output.all(&objects)),
        (None, [], _) => none(cluster, console),
        (None, _, _) => console.show(&list(&objects, args.all_namespaces, now(), console.look().width)),
    }
    Ok(Exit::Done)
}

async fn status(args: Status, cluster: &Cluster, console: &Console) -> Result<Exit, Failure> {
    let objects = match &args.name {
        Some(name) => vec![cluster.blue_green(name).await?],
        None => cluster.blue_greens(false).await?,
    };
    if let Some(output) = args.output {
        let text = if args.name.is_some() { objects.first().map(|one| output.one(one)) } else { None };
        console.say(text.unwrap_or_else(|| output.all(&objects)));
        return Ok(Exit::Done);
    }
    if objects.is_empty() {
        none(cluster, console);
    }
    for (at, object) in objects.iter().enumerate() {
        if at > 0 {
            console.say("");
        }
        console.show(&draw(&picture(object, cluster).await?, console.look().width));
    }
    Ok(Exit::Done)
}

async fn picture(object: &BlueGreen, cluster: &Cluster) -> Result<Picture, Failure> {
    Ok(Picture::of(object, &cluster.objects(object).await?, cluster.label(), now()))
}

fn none(cluster: &Cluster, console: &Console) {
    console.note(format_args!(
        "no BlueGreen in namespace `{}`; of all namespaces: `kubectl switchyard get -A`",
        cluster.namespace()
    ));
}

/// A moment and a line, as logs have them.
fn dated(picture: &Picture) -> String {
    format!("{} {}", now(), line(picture))
}

/// The BlueGreen after a verb, in the form that was asked for.
pub(crate) fn output(object: &BlueGreen, output: Option<Output>, console: &Console) {
    if let Some(output) = output {
        console.say(output.one(object));
    }
}
