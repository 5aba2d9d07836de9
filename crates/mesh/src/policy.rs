//! What the layers' policies have in common: they are read from a configuration, and checked as a whole.

use std::fmt;

/// A policy whose fields are out of their ranges: all of them at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidPolicy {
    problems: Vec<String>,
}

impl InvalidPolicy {
    /// Each names a field, by its path in the policy, and its range.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

impl fmt::Display for InvalidPolicy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the policy is out of range: {}", self.problems.join("; "))
    }
}

impl std::error::Error for InvalidPolicy {}

/// Collects what is wrong with a policy, field by field.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    /// Where in the whole the policy is that is looked at: `routes[0].retry.`
    within: String,
    found: Vec<String>,
}

impl Problems {
    /// A rule of a field: what must hold, and what its range is.
    pub(crate) fn check(&mut self, holds: bool, field: &str, range: &str) {
        if !holds {
            self.found.push(format!("`{}{field}`: {range}", self.within));
        }
    }

    /// Looks at a part of the policy, whose fields are named by their path.
    pub(crate) fn within(&mut self, field: &str, check: impl FnOnce(&mut Self)) {
        let outside = self.within.len();
        self.within.push_str(field);
        self.within.push('.');
        check(self);
        self.within.truncate(outside);
    }

    pub(crate) fn finish(self) -> Result<(), InvalidPolicy> {
        if self.found.is_empty() { Ok(()) } else { Err(InvalidPolicy { problems: self.found }) }
    }
}

/// Durations as people write them: `250ms`, `1.5s`, `5m`. For `#[serde(with = "durations")]`.
pub(crate) mod durations {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&humantime::format_duration(*time))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let text = String::deserialize(deserializer)?;
        humantime::parse_duration(&text).map_err(|error| {
            D::Error::custom(format!("`{text}` is no duration such as `250ms`, `10s` or `5m`: {error}"))
        })
    }

    /// The same where there may be none. For `#[serde(with = "durations::optional")]`.
    pub(crate) mod optional {
        use std::time::Duration;

        use serde::{Deserialize, Deserializer, Serialize, Serializer};

        #[derive(Deserialize, Serialize)]
        struct Written(#[serde(with = "super")] Duration);

        pub(crate) fn serialize<S: Serializer>(
            time: &Option<Duration>,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            time.map(Written).serialize(serializer)
        }

        pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<Duration>, D::Error> {
            Ok(Option::<Written>::deserialize(deserializer)?.map(|Written(time)| time))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_problem_names_its_field_by_its_path() {
        let mut problems = Problems::default();
        problems.check(false, "window", "10 ms to 1 h");
        problems.within("open", |open| open.check(false, "jitter", "0 to 1"));
        problems.check(true, "probes", "1 to 100");
        let invalid = problems.finish().expect_err("two fields");
        assert_eq!(invalid.problems(), ["`window`: 10 ms to 1 h", "`open.jitter`: 0 to 1"]);
    }
}
