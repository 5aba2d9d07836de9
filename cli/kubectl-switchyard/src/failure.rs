//! How a command ends: its exit code, and what it tells when it could not do its work.

use std::{error::Error, fmt, process::ExitCode};

use kube::{config::KubeconfigError, core::Status, runtime::watcher};

use crate::intent::Refusal;

/// How a command ended; the number is the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done; with `--wait`: Stable at the wish.
    Done = 0,
    /// It could not be done: no such object, no right, no API server.
    Failed = 1,
    /// It was typed wrongly.
    Usage = 2,
    /// It was refused for what the message says, and nothing was written; `check` found something in the way.
    Refused = 3,
    /// With `--wait`: the release is Held.
    Held = 4,
    /// With `--wait`: the traffic went back, or stayed, since the release failed.
    GoneBack = 5,
    /// With `--wait`: the time was over first. The release goes on.
    TimedOut = 6,
    /// With `--wait`: somebody else changed the wish in the meantime.
    Superseded = 7,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It makes no sense as things are. Nothing was written.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// The kubeconfig does not lead to a cluster.
    #[error("reading the kubeconfig")]
    Kubeconfig(#[from] KubeconfigError),
    /// The API server answered with a refusal.
    #[error("{doing}")]
    Api {
        /// What was being done.
        doing: String,
        /// What it says.
        #[source]
        source: Answer,
    },
    /// The API server did not answer, or not as one.
    #[error("{doing}")]
    Unreachable {
        /// What was being done.
        doing: String,
        /// Why.
        #[source]
        source: Box<kube::Error>,
    },
    /// The BlueGreen was deleted while it was waited for.
    #[error("BlueGreen `{0}` was deleted in the meantime")]
    Gone(String),
    /// Others changed the object again and again in between.
    #[error("{0} changes faster than it can be written")]
    Contended(String),
}

/// What the API server says, in its own words.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.message)]
pub struct Answer(pub Box<Status>);

impl Failure {
    /// What became of a request that was `doing` this.
    pub(crate) fn of(doing: impl Into<String>) -> impl FnOnce(kube::Error) -> Self {
        let doing = doing.into();
        move |error| match error {
            kube::Error::Api(status) => Self::Api { doing, source: Answer(status) },
            error => Self::Unreachable { doing, source: Box::new(error) },
        }
    }

    /// Why a watch of this cannot begin; nothing if it only broke off, as each does now and then. Both are tried again by the watch itself.
    pub(crate) fn of_watch(what: &str, error: watcher::Error) -> Option<Self> {
        match error {
            watcher::Error::InitialListFailed(error) | watcher::Error::WatchStartFailed(error) => {
                Some(Self::of(format!("watching {what}"))(error))
            }
            watcher::Error::WatchError(_)
            | watcher::Error::WatchFailed(_)
            | watcher::Error::NoResourceVersion => None,
        }
    }

    /// Whether the object was changed since it was read.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Api { source, .. } if source.0.code == 409)
    }

    /// Whether whoever asked may not.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Self::Api { source, .. } if source.0.code == 403)
    }

    /// How the process ends.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Refused(_) => Exit::Refused,
            _ => Exit::Failed,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn advice(&self) -> Option<String> {
        match self {
            Self::Refused(refusal) => refusal.advice(),
            Self::Kubeconfig(_) => {
                Some("name one by --kubeconfig or KUBECONFIG, and a --context of it".into())
            }
            Self::Api { source, .. } => match source.0.code {
                401 => Some("log in to the cluster again".into()),
                403 => Some("`kubectl switchyard check` lists the rights that are needed".into()),
                404 if source.0.message.contains("could not find the requested resource") => Some(
                    "install the operator and its resource definition: `helm install`, see its README".into(),
                ),
                404 => {
                    Some("`kubectl switchyard get` lists those that there are; another namespace: -n".into())
                }
                _ => None,
            },
            Self::Unreachable { .. } => Some("is this the right --context, and is the cluster up?".into()),
            Self::Gone(_) => None,
            Self::Contended(_) => Some("try again".into()),
        }
    }

    /// What went wrong with its causes, and on a line of its own what to do about it.
    #[must_use]
    pub fn told(&self) -> Told<'_> {
        Told(self)
    }
}

/// A failure in full.
pub struct Told<'a>(&'a Failure);

impl fmt::Display for Told<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)?;
        // A refusal is its own text, and has no further cause.
        let mut cause = match self.0 {
            Failure::Refused(_) => None,
            other => other.source(),
        };
        let mut said = self.0.to_string();
        while let Some(error) = cause {
            let text = error.to_string();
            if !said.contains(&text) {
                write!(formatter, ": {text}")?;
            }
            said = text;
            cause = error.source();
        }
        self.0.advice().map_or(Ok(()), |advice| write!(formatter, "\n{advice}"))
    }
}
