//! Logs on standard error: one line per event, with the fields of the spans around it, the `trace_id` of a
//! request above all.

use std::{io::IsTerminal, str::FromStr, sync::Arc};

use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::{LevelFilter, ParseError},
    fmt::MakeWriter,
    layer::SubscriberExt,
    reload,
    util::{SubscriberInitExt, TryInitError},
};

use crate::{config::Env, panics, traces::Traces};

mod json;
mod shown;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line, for machines.
    Json,
    /// For people.
    Text,
}

impl LogFormat {
    /// Text on a terminal, JSON elsewhere.
    #[must_use]
    pub fn detect() -> Self {
        if std::io::stderr().is_terminal() { LogFormat::Text } else { LogFormat::Json }
    }
}

impl FromStr for LogFormat {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        match name {
            "json" => Ok(LogFormat::Json),
            "text" => Ok(LogFormat::Text),
            _ => Err(UnknownFormat),
        }
    }
}

/// Not the name of a [`LogFormat`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be `json` or `text`")]
pub struct UnknownFormat;

/// How a process logs.
#[derive(Clone, Debug)]
pub struct Logging {
    /// How lines look.
    pub format: LogFormat,
    /// Which events are logged: `info`, or directives such as `warn,ordering=debug`.
    pub level: String,
}

impl Logging {
    /// From `LOG_FORMAT` (json or text) and `LOG_LEVEL` (`info` unless told otherwise).
    pub fn from_env(env: &mut Env) -> Self {
        Logging {
            format: env.or("LOG_FORMAT", LogFormat::detect()),
            level: env.or("LOG_LEVEL", "info".to_owned()),
        }
    }
}

/// Logging cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The level is not one.
    #[error(transparent)]
    Level(#[from] BadLevel),
    /// This process logs already.
    #[error("starting to log")]
    AlreadyStarted(#[source] TryInitError),
}

/// Starts logging to standard error, panics included, and recording what `traces` is to record. `service` is what lines outside
/// any App's span are from.
///
/// # Errors
/// A malformed level, or a process that logs already.
pub fn init(service: &'static str, logging: &Logging, traces: &Traces) -> Result<LogHandle, Error> {
    let (subscriber, handle) = subscriber(service, logging, traces, std::io::stderr)?;
    subscriber.try_init().map_err(Error::AlreadyStarted)?;
    panics::hook();
    Ok(handle)
}

fn subscriber<W>(
    service: &'static str,
    logging: &Logging,
    traces: &Traces,
    writer: W,
) -> Result<(impl SubscriberInitExt + use<W>, LogHandle), BadLevel>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let (filter, reload) = reload::Layer::new(parse(&logging.level)?);
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    let lines = match logging.format {
        LogFormat::Json => lines.fmt_fields(json::Kept).event_format(json::Lines::new(service)).boxed(),
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).fmt_fields(shown::Shown).boxed(),
    };
    // What is logged and what is recorded are two things: no level of the log keeps a span from its trace.
    let subscriber = Registry::default().with(lines.with_filter(filter)).with(traces.layer());
    Ok((subscriber, LogHandle(Arc::new(reload))))
}

/// Changes the level of a running process. Clones change the same.
#[derive(Clone, Debug)]
pub struct LogHandle(Arc<reload::Handle<EnvFilter, Registry>>);

impl LogHandle {
    /// A handle that changes nothing but still refuses malformed levels: for tests, which share one process.
    #[must_use]
    pub fn detached() -> Self {
        let (_, reload) = reload::Layer::new(EnvFilter::default());
        LogHandle(Arc::new(reload))
    }

    /// Logs from now on what `level` says: a level, or directives such as `warn,ordering=debug`.
    ///
    /// # Errors
    /// A malformed level; the one before stays.
    pub fn set(&self, level: &str) -> Result<(), BadLevel> {
        let filter = parse(level)?;
        // The subscriber is gone only in tests and at the very end of a process.
        let _ = self.0.reload(filter);
        Ok(())
    }

    /// The level now.
    #[must_use]
    pub fn current(&self) -> String {
        self.0.with_current(ToString::to_string).unwrap_or_default()
    }
}

/// Neither a level nor directives.
#[derive(Debug, thiserror::Error)]
#[error("`{level}` is neither a log level nor a list of directives such as `warn,ordering=debug`")]
pub struct BadLevel {
    level: String,
    #[source]
    source: Option<ParseError>,
}

fn parse(level: &str) -> Result<EnvFilter, BadLevel> {
    let bad = |source| BadLevel { level: level.to_owned(), source };
    // A word alone would be a target to log all of, and nothing else: a mistyped level would silence the
    // process.
    let is_level = |word: &str| !word.is_empty() && LevelFilter::from_str(word).is_ok();
    let is_directive = |part: &str| part.contains(['=', '[', ']', '{', '}']);
    if !level.split(',').all(|part| is_directive(part) || is_level(part)) {
        return Err(bad(None));
    }
    EnvFilter::builder().parse(level).map_err(|source| bad(Some(source)))
}

#[cfg(test)]
mod tests;
