//! `switchyard dead-letters`: the messages that could not be handled, and what to do about them.

use chassis::platform::Platform;
use contracts::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    apps::{StyleArgs, found},
    console::Console,
    failure::{Exit, Failure},
    remote::{Admin, AdminArgs, App},
};

/// What to do about dead letters.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// List the messages that are parked, the longest parked first.
    List(Asked),
    /// Show one parked message with everything that is known about it.
    Show(About),
    /// Have a parked message handled again, and those of its key that wait behind it.
    Retry(About),
    /// Never handle a parked message; those that wait behind it go on.
    Discard(Discard),
}

/// Where to ask.
#[derive(Clone, Debug, clap::Args)]
pub struct Asked {
    #[command(flatten)]
    styles: StyleArgs,

    #[command(flatten)]
    admin: AdminArgs,
}

/// Which message.
#[derive(Clone, Debug, clap::Args)]
pub struct About {
    /// The message's id, as `list` shows it.
    id: Uuid,

    #[command(flatten)]
    asked: Asked,
}

/// Which message, and why.
#[derive(Clone, Debug, clap::Args)]
pub struct Discard {
    #[command(flatten)]
    about: About,

    /// Why; kept for good, since a discard is an exception to "nothing is lost".
    #[arg(long)]
    reason: String,

    /// Who says so.
    #[arg(long, value_name = "NAME", env = "USER", default_value = "operator")]
    by: String,
}

/// A parked message, as far as every service tells of it.
#[derive(Deserialize)]
struct DeadLetter {
    id: Uuid,
    consumer: String,
    topic: String,
    kind: String,
    failures: u64,
    error: String,
    #[serde(default)]
    behind: u64,
    #[serde(default)]
    retry_at: Option<i64>,
}

/// A message that nobody will handle.
#[derive(Deserialize)]
struct Discarded {
    id: Uuid,
    consumer: String,
    topic: String,
    by: String,
    reason: String,
}

/// What one service has parked, and given up.
#[derive(Deserialize)]
struct Listed {
    items: Vec<DeadLetter>,
    #[serde(default)]
    discarded: Vec<Discarded>,
}

/// Who gives a message up, and why.
#[derive(Serialize)]
struct Verdict<'a> {
    by: &'a str,
    reason: &'a str,
}

/// Does what was asked.
///
/// # Errors
/// The admin port does not answer, or nobody has such a message.
pub async fn run(command: Command, platform: &Platform, console: &Console) -> Result<Exit, Failure> {
    match command {
        Command::List(asked) => list(&asked, platform, console).await,
        Command::Show(about) => show(&about, platform, console).await,
        Command::Retry(about) => settle(&about, "retry", None, platform, console).await,
        Command::Discard(Discard { about, reason, by }) => {
            let verdict = Verdict { by: &by, reason: &reason };
            settle(&about, "discard", Some(verdict), platform, console).await
        }
    }
}

async fn list(asked: &Asked, platform: &Platform, console: &Console) -> Result<Exit, Failure> {
    let admin = asked.admin.connect(platform);
    let mut parked = 0;
    for app in asked.styles.apps(&admin).await? {
        let listed = found(admin.show(&app, "/dead-letters").await)?;
        let Some(Listed { items, discarded }) = listed else { continue };
        for letter in &items {
            line(&app, letter, console);
        }
        for Discarded { id, consumer, topic, by, reason } in &discarded {
            console.line(format_args!("{id}  {}/{}  on {topic} for {consumer}", app.style, app.service));
            console.line(format_args!("    discarded by {by}: {reason}"));
        }
        parked += items.len();
    }
    if parked == 0 {
        console.line("nothing is parked");
    }
    Ok(Exit::Done)
}

fn line(app: &App, letter: &DeadLetter, console: &Console) {
    let DeadLetter { id, consumer, topic, kind, failures, error, behind, retry_at } = letter;
    let next = retry_at.map_or_else(
        || "waits for an operator".to_owned(),
        |at| format!("tried again at {}", Timestamp::from_micros(at)),
    );
    console.line(format_args!("{id}  {}/{}  {kind} on {topic} for {consumer}", app.style, app.service));
    console.line(format_args!("    failed {failures} times: {error}; {next}; {behind} more wait behind it"));
}

async fn show(about: &About, platform: &Platform, console: &Console) -> Result<Exit, Failure> {
    let admin = about.asked.admin.connect(platform);
    let mut shown = false;
    for app in about.asked.styles.apps(&admin).await? {
        let letter = admin.show::<Value>(&app, &format!("/dead-letters/{}", about.id)).await;
        if let Some(letter) = found(letter)? {
            console.line(format_args!("{}/{}", app.style, app.service));
            // A value that was JSON a moment ago has a JSON form.
            console.line(serde_json::to_string_pretty(&letter).unwrap_or_default());
            shown = true;
        }
    }
    if shown { Ok(Exit::Done) } else { Err(unknown(about.id)) }
}

/// Has every service that has parked the message do this about it.
async fn settle(
    about: &About,
    deed: &str,
    body: Option<Verdict<'_>>,
    platform: &Platform,
    console: &Console,
) -> Result<Exit, Failure> {
    let admin: Admin = about.asked.admin.connect(platform);
    let mut done = false;
    for app in about.asked.styles.apps(&admin).await? {
        let path = format!("/dead-letters/{}/{deed}", about.id);
        let answer = admin.post(&app, &path, body.as_ref()).await;
        if found(answer)?.is_some() {
            console.line(format_args!("{deed}: {} in {}/{}", about.id, app.style, app.service));
            done = true;
        }
    }
    if done { Ok(Exit::Done) } else { Err(unknown(about.id)) }
}

fn unknown(id: Uuid) -> Failure {
    Failure::failed(format!("no service has parked a message {id}"))
        .advise("`switchyard dead-letters list` shows those that are parked.")
}
