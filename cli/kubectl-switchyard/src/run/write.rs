//! The verbs that write: read, decide, write, and after a conflict once more from the beginning.

use std::time::Duration;

use k8s_openapi::api::{apps::v1::Deployment, core::v1::Service};
use rollout::{Active, BlueGreen, Colour};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{SEEN_WITHIN, output, wait::to_the_end};
use crate::{
    cluster::Cluster,
    command_line::{Verb, Waiting, Writing},
    console::Console,
    failure::{Exit, Failure},
    intent::{
        Patch, Refusal,
        adopt::adopt,
        approve::approve,
        current,
        owner::unowned,
        release::{Wanted, release},
        wish::{abort, pause, promote, retry, undo},
    },
    wait::Awaited,
};

/// How often is decided anew before it is given up.
const ATTEMPTS: usize = 8;

/// How long a release that is held before it has ever served is taken for one whose objects are just being applied.
const COMPLETE_WITHIN: Duration = Duration::from_secs(10);

/// What a decision is made from.
struct Seen {
    object: BlueGreen,
    deployments: Vec<Deployment>,
    services: Vec<Service>,
}

/// What is read for it beside the BlueGreen, and nothing else: who may only approve can read nothing more.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    Deployments,
    Services,
}

/// Carries a verb out.
pub(super) async fn run(verb: Verb, cluster: &Cluster, console: &Console) -> Result<Exit, Failure> {
    let never = Waiting::default();
    let label = cluster.label().to_owned();
    let needs = match verb {
        Verb::Release(_) => Needs::Deployments,
        Verb::Adopt(_) => Needs::Services,
        _ => Needs::Nothing,
    };
    let shell = |of, writing, waiting: Waiting| {
        let until = waiting.wait.then(|| Instant::now() + waiting.timeout());
        Shell { cluster, console, of, needs, writing, until }
    };
    match verb {
        Verb::Release(args) => {
            let wanted = Wanted { images: args.images, version: args.app_version };
            let shell = shell(args.name, args.writing, args.waiting);
            shell.carry_out(|seen| release(&seen.object, &seen.deployments, &wanted)).await
        }
        Verb::Promote(args) => {
            let shell = shell(args.name, args.writing, args.waiting);
            // Decided once, so that a conflict cannot turn it round.
            let to = match args.colour {
                Some(colour) => Some(colour),
                None => shell.serving().await?.map(Colour::other),
            };
            shell.carry_out(|seen| promote(&seen.object, to)).await
        }
        Verb::Abort(args) => {
            shell(args.name, args.writing, args.waiting).carry_out(|seen| abort(&seen.object)).await
        }
        Verb::Undo(args) => {
            shell(args.name, args.writing, args.waiting).carry_out(|seen| undo(&seen.object)).await
        }
        Verb::Retry(args) => {
            shell(args.name, args.writing, args.waiting).carry_out(|seen| retry(&seen.object)).await
        }
        Verb::Pause(args) => {
            shell(args.name, args.writing, never).carry_out(|seen| Ok(pause(&seen.object, true))).await
        }
        Verb::Resume(args) => {
            shell(args.name, args.writing, never).carry_out(|seen| Ok(pause(&seen.object, false))).await
        }
        Verb::Approve(args) => {
            let (gate, expected) = (args.gate, args.release);
            let shell = shell(args.name, args.writing, never);
            shell.carry_out(|seen| approve(&seen.object, &gate, expected.as_deref())).await
        }
        Verb::Adopt(args) => {
            let shell = shell(args.name, args.writing, never);
            shell.carry_out(|seen| adopt(&seen.object, &seen.services, &label)).await
        }
        Verb::Get(_) | Verb::Status(_) | Verb::Explain(_) | Verb::History(_) | Verb::Check(_) => {
            Ok(Exit::Done)
        }
    }
}

struct Shell<'a> {
    cluster: &'a Cluster,
    console: &'a Console,
    of: String,
    needs: Needs,
    writing: Writing,
    /// Until when it is waited, if at all: for the beginning and the end together.
    until: Option<Instant>,
}

impl Shell<'_> {
    async fn carry_out(
        &self,
        decide: impl Fn(&Seen) -> Result<Vec<Patch>, Refusal>,
    ) -> Result<Exit, Failure> {
        let before = self.ready(&decide).await?;
        let wrote = self.write(before, decide).await?;
        let Some(before) = wrote else { return Ok(Exit::Done) };
        let after = self.cluster.blue_green(&self.of).await?;
        output(&after, self.writing.output, self.console);
        let Some(until) = self.until else { return Ok(Exit::Done) };
        to_the_end(&self.of, &Awaited::after(&before, &after), until, self.cluster, self.console).await
    }

    /// The objects to decide from. Whoever waits for the end waits for the beginning too: until what is under way has ended, and one
    /// colour serves.
    async fn ready(&self, decide: impl Fn(&Seen) -> Result<Vec<Patch>, Refusal>) -> Result<Seen, Failure> {
        let Some(until) = self.until else { return self.seen().await };
        let (mut said, began) = (String::new(), Instant::now());
        let ready = async {
            loop {
                let seen = self.seen().await?;
                let Err(refusal) = decide(&seen) else { return Ok(seen) };
                // What was applied a moment ago may be held for what has not come to the operator yet.
                let early =
                    began.elapsed() < COMPLETE_WITHIN && matches!(refusal, Refusal::NoServingColour { .. });
                if !(refusal.passes() || early) {
                    return Ok(seen);
                }
                if refusal.to_string() != said {
                    said = refusal.to_string();
                    self.console.note(format_args!("waits: {said}"));
                }
                sleep(Duration::from_millis(500)).await;
            }
        };
        match timeout_at(until, ready).await {
            Ok(seen) => seen,
            Err(_) => self.seen().await,
        }
    }

    /// Writes all patches; answers the BlueGreen as it was before the first one, or nothing after a dry run.
    async fn write(
        &self,
        mut seen: Seen,
        decide: impl Fn(&Seen) -> Result<Vec<Patch>, Refusal>,
    ) -> Result<Option<BlueGreen>, Failure> {
        let before = seen.object.clone();
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                seen = self.read().await?;
            }
            let patches = match decide(&seen) {
                // After a conflict what was left to do may have been done.
                Err(Refusal::NothingNew { .. }) if attempt > 0 => vec![],
                patches => patches?,
            };
            if !self.writing.force {
                unowned(&patches, &seen.object, &seen.deployments)?;
            }
            if self.writing.dry_run {
                patches.iter().for_each(|patch| self.console.say(patch.as_kubectl(self.cluster.namespace())));
                return Ok(None);
            }
            if patches.is_empty() && attempt == 0 {
                self.console.note(format_args!("{} is told so already", self.of));
            }
            if self.write_all(&patches).await? {
                return Ok(Some(before));
            }
        }
        Err(Failure::Contended(format!("BlueGreen `{}`", self.of)))
    }

    /// Whether none of them met a conflict.
    async fn write_all(&self, patches: &[Patch]) -> Result<bool, Failure> {
        for patch in patches {
            match self.cluster.write(patch).await {
                Ok(()) => self.console.note(format_args!("{}: {}", self.of, patch.says)),
                Err(failure) if failure.is_conflict() => return Ok(false),
                Err(failure) => return Err(failure),
            }
        }
        Ok(true)
    }

    /// The objects, once the operator has seen the latest change; or after some time as they are.
    async fn seen(&self) -> Result<Seen, Failure> {
        let wait = async {
            loop {
                let seen = self.read().await?;
                if current(&seen.object).is_some() {
                    return Ok(seen);
                }
                sleep(Duration::from_millis(200)).await;
            }
        };
        match timeout(SEEN_WITHIN, wait).await {
            Ok(seen) => seen,
            Err(_) => self.read().await,
        }
    }

    async fn read(&self) -> Result<Seen, Failure> {
        let object = self.cluster.blue_green(&self.of).await?;
        let (mut deployments, mut services) = (vec![], vec![]);
        match self.needs {
            Needs::Nothing => {}
            Needs::Deployments => deployments = self.cluster.deployments(&object).await?,
            Needs::Services => services = self.cluster.services(&object).await?,
        }
        Ok(Seen { object, deployments, services })
    }

    /// The colour that serves, if the operator says one.
    async fn serving(&self) -> Result<Option<Colour>, Failure> {
        let seen = self.seen().await?;
        let active = seen.object.status.and_then(|status| status.active);
        Ok(Colour::BOTH.into_iter().find(|colour| active == Some(Active::from(*colour))))
    }
}
