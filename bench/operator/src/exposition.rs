//! The operator's metrics, in Prometheus' text format.

use std::collections::BTreeMap;

use e2e_cluster::Operator;

use crate::Failure;

/// All samples by name and labels, as they stand there.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Exposition(BTreeMap<String, f64>);

impl Exposition {
    pub(crate) async fn of(operator: &Operator) -> Result<Self, Failure> {
        Ok(Self::read(&operator.metrics().await?))
    }

    fn read(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let samples = lines.filter_map(|line| {
            let (series, value) = line.rsplit_once(' ')?;
            Some((series.to_owned(), value.parse().ok()?))
        });
        Self(samples.collect())
    }

    /// What has been added since then.
    pub(crate) fn since(&self, before: &Self) -> Self {
        let added = self.0.iter().map(|(series, value)| {
            (series.clone(), value - before.0.get(series).copied().unwrap_or_default())
        });
        Self(added.collect())
    }

    /// Over all series of this name that have these labels.
    pub(crate) fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let mine = self.0.iter().filter(|(series, _)| {
            series.split('{').next() == Some(name)
                && labels.iter().all(|(label, value)| series.contains(&format!("{label}=\"{value}\"")))
        });
        mine.map(|(_, value)| value).sum()
    }

    /// The upper bound of the bucket in which this part of all lies, and of how many.
    ///
    /// # Errors
    /// There are none, or it lies above every bound.
    pub(crate) fn quantile(&self, name: &str, label: (&str, &str), part: f64) -> Result<(f64, f64), Failure> {
        let label = format!("{}=\"{}\"", label.0, label.1);
        let bucket = format!("{name}_bucket{{");
        let mine = self.0.iter().filter(|(series, _)| series.starts_with(&bucket) && series.contains(&label));
        let mut buckets: Vec<(f64, f64)> = mine
            .filter_map(|(series, count)| {
                let bound = series.split("le=\"").nth(1)?.split('"').next()?;
                Some((if bound == "+Inf" { f64::INFINITY } else { bound.parse().ok()? }, *count))
            })
            .collect();
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        let of = buckets.last().map_or(0.0, |(_, count)| *count);
        let found =
            buckets.iter().find(|(bound, count)| of > 0.0 && *count >= part * of && bound.is_finite());
        found
            .map(|(bound, _)| (*bound, of))
            .ok_or_else(|| format!("`{name}` has {of} values with {label}").into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# TYPE turns histogram\n\
        turns_bucket{outcome=\"rests\",le=\"0.0005\"} 90\n\
        turns_bucket{outcome=\"rests\",le=\"0.001\"} 100\n\
        turns_bucket{outcome=\"rests\",le=\"+Inf\"} 101\n\
        turns_bucket{outcome=\"failed\",le=\"+Inf\"} 7\n\
        requests{code=\"200\",verb=\"watch\"} 3\n\
        requests{code=\"410\",verb=\"watch\"} 1\n\
        requests{code=\"200\",verb=\"list\"} 5\n";

    #[test]
    fn what_was_added_is_summed_by_labels() {
        let before = Exposition::read("requests{code=\"200\",verb=\"watch\"} 1\n");
        let since = Exposition::read(TEXT).since(&before);
        assert_eq!(since.sum("requests", &[("verb", "watch")]), 3.0);
        assert_eq!(since.sum("requests", &[("verb", "watch"), ("code", "410")]), 1.0);
        assert_eq!(since.sum("requests", &[]), 8.0);
    }

    #[test]
    fn a_quantile_is_the_bound_of_its_bucket() {
        let all = Exposition::read(TEXT);
        assert_eq!(all.quantile("turns", ("outcome", "rests"), 0.5).unwrap(), (0.000_5, 101.0));
        assert_eq!(all.quantile("turns", ("outcome", "rests"), 0.99).unwrap(), (0.001, 101.0));
        assert!(all.quantile("turns", ("outcome", "rests"), 1.0).is_err(), "above every bound");
        assert!(all.quantile("turns", ("outcome", "waits"), 0.5).is_err(), "there are none");
    }
}
