//! What is shown: families of samples, whoever counts them.

use std::{borrow::Cow, fmt};

use super::histogram::Snapshot;

/// How the numbers of a family behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// They only grow, but for restarts.
    Counter,
    /// They go up and down.
    Gauge,
    /// They tell how values spread.
    Histogram,
}

/// As the expositions name it.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        })
    }
}

/// What a family is: the same for all of its samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Its name, with its unit in it and `_total` behind a counter's.
    pub name: &'static str,
    /// One sentence that says what is counted.
    pub help: &'static str,
    /// How its numbers behave.
    pub kind: Kind,
    /// The names of its labels, `service` and `style` left out.
    pub labels: Cow<'static, [&'static str]>,
}

/// The units that OpenMetrics wants told apart from the name.
const UNITS: [&str; 2] = ["seconds", "bytes"];

impl Description {
    /// The name without the suffix of a counter, which OpenMetrics adds to the sample only.
    #[must_use]
    pub fn stem(&self) -> &'static str {
        match self.kind {
            Kind::Counter => self.name.strip_suffix("_total").unwrap_or(self.name),
            Kind::Gauge | Kind::Histogram => self.name,
        }
    }

    /// The unit that the name ends in; nothing for what has none.
    #[must_use]
    pub fn unit(&self) -> Option<&'static str> {
        let (_, last) = self.stem().rsplit_once('_')?;
        UNITS.into_iter().find(|unit| *unit == last)
    }

    /// What is wrong with it, if anything is.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let is_name = |name: &str| {
            name.starts_with(|first: char| first.is_ascii_lowercase())
                && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        };
        let reserved = ["service", "style", "le", "quantile"];
        let suffixes = ["_total", "_count", "_sum", "_bucket", "_created", "_info"];
        let told_apart = self.name == "build_info" || !suffixes.iter().any(|it| self.stem().ends_with(it));
        match self {
            _ if !is_name(self.name) => Err("a name is of lower-case letters, digits and underscores"),
            _ if self.help.is_empty() => Err("it does not say what it counts"),
            _ if (self.kind == Kind::Counter) != self.name.ends_with("_total") => {
                Err("the names of counters, and no others, end in `_total`")
            }
            _ if !told_apart => Err("its name ends like that of a sample of another kind"),
            _ if self.labels.iter().any(|it| !is_name(it) || reserved.contains(it)) => {
                Err("the name of a label is malformed or taken")
            }
            _ => Ok(()),
        }
    }
}

/// One series of a family at the moment of a scrape.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The values of its labels, in the order of their names.
    pub labels: Vec<String>,
    /// What it is.
    pub value: Value,
}

/// What a series is at the moment of a scrape.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// That of a counter or a gauge.
    Number(f64),
    /// That of a histogram.
    Spread(Snapshot),
}

/// What a family's samples are read into.
#[derive(Debug, Default)]
pub struct Samples(pub(super) Vec<Sample>);

impl Samples {
    /// A number, for the values of the family's labels.
    #[expect(clippy::cast_precision_loss, reason = "beyond 2^53 nobody reads the last digit")]
    pub fn count(&mut self, labels: &[&str], value: u64) {
        self.number(labels, value as f64);
    }

    /// A number of seconds, bytes or the like.
    pub fn number(&mut self, labels: &[&str], value: f64) {
        self.push(labels, Value::Number(value));
    }

    /// How values spread.
    pub fn spread(&mut self, labels: &[&str], value: Snapshot) {
        self.push(labels, Value::Spread(value));
    }

    fn push(&mut self, labels: &[&str], value: Value) {
        self.0.push(Sample { labels: labels.iter().map(|&label| label.to_owned()).collect(), value });
    }
}
