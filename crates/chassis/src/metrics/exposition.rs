//! Writing families down, as Prometheus' text and as OpenMetrics.
//!
//! Both have one block per family, with the series of every App in it. They differ in the names of counters' families,
//! in units, exemplars and the end that is marked, and in how they escape and write numbers.

use std::{
    collections::BTreeMap,
    fmt::{self, Write},
};

use super::{
    Error, Identity,
    family::{Description, Kind, Sample, Value},
    format::Format,
    histogram::Exemplar,
};

/// The series of one App, or those of the process, which are of no App.
pub(super) type Owned<'a> = (Option<&'a Identity>, Sample);

/// Families by their name, with the samples of all who have them.
#[derive(Debug, Default)]
pub(super) struct Families<'a>(BTreeMap<&'static str, (Description, Vec<Owned<'a>>)>);

impl<'a> Families<'a> {
    /// Adds what somebody counts.
    ///
    /// # Errors
    /// Somebody else counts another thing by that name.
    pub(super) fn add(
        &mut self,
        owner: Option<&'a Identity>,
        description: &Description,
        samples: Vec<Sample>,
    ) -> Result<(), Error> {
        let (known, all) =
            self.0.entry(description.name).or_insert_with(|| (description.clone(), Vec::new()));
        if (known.kind, &known.labels) != (description.kind, &description.labels) {
            return Err(Error::Differs { name: description.name });
        }
        all.extend(samples.into_iter().map(|sample| (owner, sample)));
        Ok(())
    }

    /// All of them: also those without a series, whose name, type and meaning are told all the same.
    pub(super) fn write(&self, format: Format) -> String {
        let mut text = String::new();
        for (description, samples) in self.0.values() {
            // Writing to a string cannot fail.
            let _ = Family { format, description, text: &mut text }.write(samples);
        }
        if format == Format::OpenMetrics {
            text.push_str("# EOF\n");
        }
        text
    }
}

struct Family<'a> {
    format: Format,
    description: &'a Description,
    text: &'a mut String,
}

/// The labels of one sample: those of its family, whose it is, and the bound of a bucket.
struct Labels<'a> {
    names: &'a [&'static str],
    values: &'a [String],
    owner: Option<&'a Identity>,
    bound: Option<f64>,
}

impl Family<'_> {
    fn write(&mut self, samples: &[Owned<'_>]) -> fmt::Result {
        let open = self.format == Format::OpenMetrics;
        let Description { name, kind, .. } = *self.description;
        let family = if open { self.description.stem() } else { name };
        let help = Escaped { text: self.description.help, quotes: open };
        writeln!(self.text, "# HELP {family} {help}")?;
        writeln!(self.text, "# TYPE {family} {kind}")?;
        if let Some(unit) = self.description.unit().filter(|_| open) {
            writeln!(self.text, "# UNIT {family} {unit}")?;
        }
        samples.iter().try_for_each(|(owner, sample)| self.sample(*owner, sample))
    }

    fn sample(&mut self, owner: Option<&Identity>, sample: &Sample) -> fmt::Result {
        let Description { name, labels: ref names, kind, .. } = *self.description;
        let labels = |bound| Labels { names, values: &sample.labels, owner, bound };
        match &sample.value {
            Value::Number(value) => self.line(name, "", &labels(None), *value, kind != Kind::Counter, None),
            Value::Spread(spread) => {
                for bucket in &spread.buckets {
                    let (bound, count) = (labels(Some(bucket.upper)), bucket.cumulative);
                    self.line(name, "_bucket", &bound, whole(count), false, bucket.exemplar.as_ref())?;
                }
                self.line(name, "_sum", &labels(None), spread.sum, true, None)?;
                self.line(name, "_count", &labels(None), whole(spread.count()), false, None)
            }
        }
    }

    fn line(
        &mut self,
        name: &str,
        suffix: &str,
        labels: &Labels<'_>,
        value: f64,
        fraction: bool,
        exemplar: Option<&Exemplar>,
    ) -> fmt::Result {
        write!(self.text, "{name}{suffix}")?;
        self.labels(labels)?;
        let canonical = fraction && self.format == Format::OpenMetrics;
        write!(self.text, " {}", Number { value, canonical })?;
        if let Some(Exemplar { trace_id, value, at }) =
            exemplar.filter(|_| self.format == Format::OpenMetrics)
        {
            let value = Number { value: *value, canonical: true };
            write!(self.text, " # {{trace_id=\"{trace_id}\"}} {value} {at:.3}")?;
        }
        self.text.push('\n');
        Ok(())
    }

    fn labels(&mut self, labels: &Labels<'_>) -> fmt::Result {
        let own = labels.names.iter().copied().zip(labels.values.iter().map(String::as_str));
        let owner = labels.owner.map(|it| [("service", it.service.as_str()), ("style", it.style.as_str())]);
        let mut first = true;
        for (name, value) in own.chain(owner.into_iter().flatten()) {
            let separator = if std::mem::take(&mut first) { '{' } else { ',' };
            write!(self.text, "{separator}{name}=\"{}\"", Escaped { text: value, quotes: true })?;
        }
        if let Some(value) = labels.bound {
            let separator = if std::mem::take(&mut first) { '{' } else { ',' };
            let bound = Number { value, canonical: self.format == Format::OpenMetrics };
            write!(self.text, "{separator}le=\"{bound}\"")?;
        }
        if first { Ok(()) } else { self.text.write_char('}') }
    }
}

#[expect(clippy::cast_precision_loss, reason = "beyond 2^53 nobody reads the last digit")]
const fn whole(count: u64) -> f64 {
    count as f64
}

/// A number; `canonical` is as OpenMetrics writes bounds, with a point in it.
#[derive(Clone, Copy)]
struct Number {
    value: f64,
    canonical: bool,
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value {
            value if value.is_nan() => f.write_str("NaN"),
            f64::INFINITY => f.write_str("+Inf"),
            f64::NEG_INFINITY => f.write_str("-Inf"),
            value if self.canonical => write!(f, "{value:?}"),
            value => write!(f, "{value}"),
        }
    }
}

/// A text in which line feeds, backslashes and, if need be, quotation marks are escaped.
struct Escaped<'a> {
    text: &'a str,
    quotes: bool,
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in self.text.split_inclusive(['\\', '\n', '"']) {
            let plain = part.trim_end_matches(['\\', '\n', '"']);
            f.write_str(plain)?;
            match &part[plain.len()..] {
                "\\" => f.write_str("\\\\")?,
                "\n" => f.write_str("\\n")?,
                "\"" if self.quotes => f.write_str("\\\"")?,
                other => f.write_str(other)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
