//! `--wait`: until the end, and on the way a line for whatever changes.

use std::pin::pin;

use futures_util::StreamExt;
use kube::runtime::{WatchStreamExt, watcher::watch_object};
use rollout::BlueGreen;
use tokio::time::{Instant, sleep, timeout_at};

use super::SEEN_WITHIN;
use crate::{
    cluster::Cluster,
    console::Console,
    failure::{Exit, Failure},
    wait::{Awaited, Verdict, ending, progress},
};

/// Waits for the end, until then at most, and tells of it.
///
/// # Errors
/// The object is deleted in the meantime, or can be read no more.
pub(super) async fn to_the_end(
    of: &str,
    awaited: &Awaited,
    until: Instant,
    cluster: &Cluster,
    console: &Console,
) -> Result<Exit, Failure> {
    let ended = Box::pin(timeout_at(until, watched(of, awaited, cluster, console))).await;
    let (exit, now) = match ended {
        Ok(ended) => ended?,
        Err(_) => (Exit::TimedOut, cluster.blue_green(of).await?),
    };
    console.note(ending(exit, &now));
    Ok(exit)
}

async fn watched(
    of: &str,
    awaited: &Awaited,
    cluster: &Cluster,
    console: &Console,
) -> Result<(Exit, BlueGreen), Failure> {
    let mut events = pin!(watch_object(cluster.api::<BlueGreen>(), of).default_backoff());
    let mut late = pin!(sleep(SEEN_WITHIN));
    let mut said = String::new();
    let mut say = |line: String| {
        if line != said {
            console.note(&line);
            said = line;
        }
    };
    let (mut unseen, mut patient) = (false, true);
    loop {
        let event = tokio::select! {
            biased;
            event = events.next() => event,
            () = &mut late, if unseen && patient => {
                patient = false;
                say("the operator has not seen it yet".into());
                continue;
            }
        };
        unseen = false;
        let now = match event {
            Some(Ok(Some(now))) => now,
            Some(Ok(None)) | None => return Err(Failure::Gone(of.to_owned())),
            Some(Err(error)) => {
                let failure = Failure::of_watch(&format!("BlueGreen `{of}`"), error);
                failure.iter().for_each(|failure| say(failure.told().to_string()));
                continue;
            }
        };
        let verdict = awaited.verdict(&now);
        if verdict == Verdict::Unseen {
            // What the status says is of what was before.
            unseen = true;
            continue;
        }
        say(now.status.as_ref().map(progress).unwrap_or_default());
        if let Verdict::Ended(exit) = verdict {
            return Ok((exit, now));
        }
    }
}
