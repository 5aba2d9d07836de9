//! What can be typed.

use std::{process::ExitCode, time::Duration};

use clap::{Parser, Subcommand};
use rollout::{Colour, Span};

use crate::{cluster::Place, console::Console, intent::image::Assignment, output::Output, run};

macro_rules! exits {
    () => {
        "Exit codes: 0 done, with --wait Stable at the wish; 1 it could not be done; 2 typed wrongly; 3 refused, nothing was written; \
         with --wait 4 Held, 5 the traffic went back, 6 the time was over first, 7 somebody else changed the wish."
    };
}

/// Releases by BlueGreen objects: see them, begin them, call them off, and learn why they are where they are.
///
/// Every verb writes what anybody could: the wish (`spec`), images, and for approvals and adoption annotations. `kubectl patch` and a commit do the same.
/// Where Helm, Argo CD or Flux keep the object, a verb refuses and says what to commit.
#[derive(Debug, Parser)]
#[command(
    name = "kubectl switchyard",
    bin_name = "kubectl switchyard",
    version,
    max_term_width = 100,
    after_help = EXITS,
    after_long_help = concat!("Begin with `kubectl switchyard check NAME`, then `release`, and watch with `status NAME -w`.\n\n", exits!())
)]
pub struct CommandLine {
    #[command(subcommand)]
    pub(crate) verb: Verb,

    #[command(flatten)]
    pub(crate) place: Place,
}

/// What a script learns from a command's end.
const EXITS: &str = exits!();

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// List BlueGreens: what serves, what is wished, and where each is
    Get(Get),
    /// Show what stands where: sides, Services, gates, and how far the release is
    Status(Status),
    /// Give the side that does not serve new images, and bring the traffic there
    ///
    /// The images are written first and the wish last, each only if nobody has changed the object in between. All workloads switch
    /// together, so a container that is not named gets the image that serves now. --dry-run shows all of it before.
    Release(Release),
    /// Bring the traffic to the side that does not serve, with the images that it has
    Promote(Promote),
    /// Call off what is under way: the traffic stays, or goes back
    Abort(Named),
    /// Take the last switch back: at once while the other side stands ready
    Undo(Named),
    /// Try a release again that failed
    Retry(Named),
    /// Begin nothing new from now on; what is under way ends or goes back
    Pause(Plain),
    /// Let something new begin again
    Resume(Plain),
    /// Pass a gate that waits for a person, for the release that is under way
    Approve(Approve),
    /// Let the operator take over Services without a colour, or changed by somebody else
    Adopt(Plain),
    /// Tell why it is where it is, by which rule, what comes next, and what can be done
    Explain(One),
    /// Show the last ten switches
    History(One),
    /// Look for what would be in the way of a release, and say what to do
    Check(Check),
}

/// `get`.
#[derive(Debug, clap::Args)]
pub(crate) struct Get {
    /// Only these
    pub(crate) names: Vec<String>,
    /// Those of all namespaces
    #[arg(short = 'A', long, conflicts_with = "names")]
    pub(crate) all_namespaces: bool,
    #[arg(short, long, value_enum, value_name = "FORM", help = "Write the objects in this form")]
    pub(crate) output: Option<Output>,
}

/// `status`.
#[derive(Debug, clap::Args)]
pub(crate) struct Status {
    /// The BlueGreen; all of the namespace without it
    pub(crate) name: Option<String>,
    /// Draw it anew as it happens, until Ctrl-C; a line for each change where no terminal is
    #[arg(short, long, requires = "name", conflicts_with = "output")]
    pub(crate) watch: bool,
    #[arg(short, long, value_enum, value_name = "FORM", help = "Write the object in this form")]
    pub(crate) output: Option<Output>,
}

/// What all verbs that write have in common.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Writing {
    /// Write also where Helm or a GitOps manager would write it back
    #[arg(long)]
    pub(crate) force: bool,
    /// Write nothing; show what would be, as commands of kubectl
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[arg(
        short,
        long,
        value_enum,
        value_name = "FORM",
        help = "Write the BlueGreen in this form afterwards"
    )]
    pub(crate) output: Option<Output>,
}

/// What verbs have in common that lead to a switch.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(crate) struct Waiting {
    /// Wait until what is under way has ended, and then for the end, and tell of it by the exit code
    #[arg(long)]
    pub(crate) wait: bool,
    /// How long to wait at most for both together, such as 90s, 10m or 1h30m
    #[arg(long, value_name = "TIME", default_value = "30m", requires = "wait")]
    timeout: Span,
}

impl Waiting {
    pub(crate) fn timeout(self) -> Duration {
        self.timeout.into()
    }
}

/// `release`.
#[derive(Debug, clap::Args)]
pub(crate) struct Release {
    /// The BlueGreen
    pub(crate) name: String,
    /// A container and its image; the workload where several have such a container
    #[arg(required = true, value_name = "[WORKLOAD/]CONTAINER=IMAGE")]
    pub(crate) images: Vec<Assignment>,
    /// Label the pods with this app.kubernetes.io/version, and wait for it where the BlueGreen names one
    #[arg(long = "app-version", value_name = "VERSION")]
    pub(crate) app_version: Option<String>,
    #[command(flatten)]
    pub(crate) writing: Writing,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

/// `promote`.
#[derive(Debug, clap::Args)]
pub(crate) struct Promote {
    /// The BlueGreen
    pub(crate) name: String,
    /// Blue or green, so that saying it twice is saying it once; without it the side that does not serve
    #[arg(value_parser = colour, value_name = "COLOUR")]
    pub(crate) colour: Option<Colour>,
    #[command(flatten)]
    pub(crate) writing: Writing,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

/// A verb that leads to a switch.
#[derive(Debug, clap::Args)]
pub(crate) struct Named {
    /// The BlueGreen
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) writing: Writing,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

/// A verb that does not.
#[derive(Debug, clap::Args)]
pub(crate) struct Plain {
    /// The BlueGreen
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) writing: Writing,
}

/// `approve`.
#[derive(Debug, clap::Args)]
pub(crate) struct Approve {
    /// The BlueGreen
    pub(crate) name: String,
    /// The gate
    pub(crate) gate: String,
    /// Only if the release is this one, which was looked at
    #[arg(long, value_name = "HASH")]
    pub(crate) release: Option<String>,
    #[command(flatten)]
    pub(crate) writing: Writing,
}

/// A verb that only looks.
#[derive(Debug, clap::Args)]
pub(crate) struct One {
    /// The BlueGreen
    pub(crate) name: String,
}

/// `check`.
#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// Only this BlueGreen; all of the namespace without it
    pub(crate) name: Option<String>,
    /// Also what the operator may: with this service account, or with the rights of whoever asks
    #[arg(long, value_name = "NAMESPACE:SERVICEACCOUNT", num_args = 0..=1, default_missing_value = "", require_equals = true)]
    pub(crate) operator: Option<String>,
}

impl CommandLine {
    /// Does what was typed, and tells why if it cannot.
    pub async fn run(self, console: &Console) -> ExitCode {
        let done = match self.place.connect().await {
            Ok(cluster) => run::run(self.verb, &cluster, console).await,
            Err(failure) => Err(failure),
        };
        run::end(done, console)
    }

    /// The same, in a namespace that is already reached.
    pub async fn run_on(self, cluster: &crate::Cluster, console: &Console) -> ExitCode {
        run::end(run::run(self.verb, cluster, console).await, console)
    }
}

fn colour(text: &str) -> Result<Colour, String> {
    let known = Colour::BOTH.into_iter().find(|colour| colour.label() == text);
    known.ok_or_else(|| "a colour is blue or green".to_owned())
}
