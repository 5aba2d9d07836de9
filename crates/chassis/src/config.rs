//! Configuration from environment variables, each read in one place and all of them checked before the first
//! is used.
//!
//! ```
//! use chassis::config::{Env, Error, Secret};
//!
//! struct Config {
//!     port: u16,
//!     token: Secret<String>,
//! }
//!
//! impl Config {
//!     fn from_env(env: &mut Env) -> Result<Self, Error> {
//!         let port = env.or("PORT", 8080);
//!         let token = env.required("TOKEN");
//!         env.finish()?; // names every bad variable, not the first
//!         Ok(Config { port, token: token? })
//!     }
//! }
//!
//! let mut env = Env::from([("PORT", "many")]);
//! let error = Config::from_env(&mut env).err().unwrap();
//! assert_eq!(error.to_string(), "PORT: invalid digit found in string; TOKEN: must be set");
//! ```

use std::{collections::HashMap, fmt, fmt::Display, num::ParseIntError, str::FromStr, time::Duration};

/// Longer than anybody waits, and short enough for every clock.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The variables of a process, or of a test, and what was found wrong with those read so far.
#[derive(Debug)]
pub struct Env {
    source: Source,
    errors: Vec<Invalid>,
}

#[derive(Debug)]
enum Source {
    Process,
    Map(HashMap<String, String>),
}

impl Env {
    /// The variables of this process.
    #[must_use]
    pub fn process() -> Self {
        Env { source: Source::Process, errors: Vec::new() }
    }

    /// The value of a variable that must be set. The error is also kept for [`finish`](Self::finish), so that
    /// reading can go on to the next variable.
    ///
    /// # Errors
    /// The variable is not set, or is not a `T`.
    pub fn required<T: FromStr<Err: Display>>(&mut self, name: &str) -> Result<T, Error> {
        let found = self.parse(name, T::from_str);
        let message = match found {
            Ok(Some(value)) => return Ok(value),
            Ok(None) => "must be set".to_owned(),
            Err(message) => message,
        };
        let invalid = Invalid { name: name.to_owned(), message };
        self.errors.push(invalid.clone());
        Err(Error { variables: vec![invalid] })
    }

    /// The value of a variable, or `default` where it is not set. A bad value is kept for
    /// [`finish`](Self::finish).
    pub fn or<T: FromStr<Err: Display>>(&mut self, name: &str, default: T) -> T {
        self.optional(name).unwrap_or(default)
    }

    /// The value of a variable that may be absent. A bad value is kept for [`finish`](Self::finish).
    pub fn optional<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<T> {
        self.read(name, T::from_str)
    }

    /// What `read` makes of a variable that may be absent. A bad value is kept for [`finish`](Self::finish).
    pub fn read<T, E: Display>(&mut self, name: &str, read: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        let found = self.parse(name, read);
        self.note(name, found)
    }

    /// A duration as a whole number in the unit that ends the variable's name: `…_MS` or `…_SECONDS`; up to a year.
    pub fn duration(&mut self, name: &str, default: Duration) -> Duration {
        let unit = match name {
            _ if name.ends_with("_MS") => Duration::from_millis,
            _ if name.ends_with("_SECONDS") => Duration::from_secs,
            _ => {
                let message = Err("a duration's name ends in _MS or _SECONDS".to_owned());
                return self.note(name, message).unwrap_or(default);
            }
        };
        let found = self.parse(name, |text| {
            let time = unit(text.parse().map_err(|error: ParseIntError| error.to_string())?);
            if time > LONGEST { Err("is longer than a year".to_owned()) } else { Ok(time) }
        });
        self.note(name, found).unwrap_or(default)
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// Names every variable that was found wrong since the last call.
    pub fn finish(&mut self) -> Result<(), Error> {
        match std::mem::take(&mut self.errors) {
            variables if variables.is_empty() => Ok(()),
            variables => Err(Error { variables }),
        }
    }

    fn parse<T, E: Display>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, String> {
        let raw = match &self.source {
            Source::Process => std::env::var_os(name)
                .map(|raw| raw.into_string().map_err(|_| "is not valid UTF-8".to_owned()))
                .transpose()?,
            Source::Map(map) => map.get(name).cloned(),
        };
        raw.map(|raw| parse(&raw).map_err(|error| error.to_string())).transpose()
    }

    fn note<T>(&mut self, name: &str, found: Result<Option<T>, String>) -> Option<T> {
        found.unwrap_or_else(|message| {
            self.errors.push(Invalid { name: name.to_owned(), message });
            None
        })
    }
}

/// The variables of a test.
impl<const N: usize> From<[(&str, &str); N]> for Env {
    fn from(variables: [(&str, &str); N]) -> Self {
        variables.into_iter().collect()
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Env {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(variables: I) -> Self {
        let map = variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        Env { source: Source::Map(map.collect()), errors: Vec::new() }
    }
}

/// One variable that cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// The variable's name.
    pub name: String,
    /// What is wrong with it; never the value itself, which may be a secret.
    pub message: String,
}

/// Every variable that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// In the order in which they were read.
    pub variables: Vec<Invalid>,
}

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Invalid { name, message }) in self.variables.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{name}: {message}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// A value that logs never show.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Hides `value`.
    pub const fn new(value: T) -> Self {
        Secret(value)
    }

    /// The value itself, for the one place that needs it.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<T: FromStr> FromStr for Secret<T> {
    type Err = BadSecret;

    fn from_str(raw: &str) -> Result<Self, BadSecret> {
        raw.parse().map(Secret).map_err(|_| BadSecret)
    }
}

/// A secret that cannot be parsed; why is not told, since that might quote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not valid")]
pub struct BadSecret;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bad_variable_is_named_at_once() {
        let mut env = Env::from([("PORT", "x"), ("DRAIN_SECONDS", "-1")]);
        env.or("PORT", 1u16);
        env.duration("DRAIN_SECONDS", Duration::ZERO);
        let _: Result<String, _> = env.required("DATABASE");
        let names: Vec<_> = env.finish().unwrap_err().variables.into_iter().map(|v| v.name).collect();
        assert_eq!(names, ["PORT", "DRAIN_SECONDS", "DATABASE"]);
    }

    #[test]
    fn what_is_not_set_takes_its_default() {
        let mut env = Env::from([]);
        assert_eq!(env.or("PORT", 8080u16), 8080);
        assert_eq!(env.optional::<u16>("PORT"), None);
        assert_eq!(env.finish(), Ok(()));
    }

    #[test]
    fn a_duration_takes_the_unit_of_its_name() {
        let mut env = Env::from([("WAIT_MS", "20"), ("DRAIN_SECONDS", "20"), ("PAUSE", "20")]);
        assert_eq!(env.duration("WAIT_MS", Duration::ZERO), Duration::from_millis(20));
        assert_eq!(env.duration("DRAIN_SECONDS", Duration::ZERO), Duration::from_secs(20));
        env.duration("PAUSE", Duration::ZERO);
        assert_eq!(env.finish().unwrap_err().to_string(), "PAUSE: a duration's name ends in _MS or _SECONDS");
    }

    #[test]
    fn a_duration_is_none_that_no_clock_can_count() {
        let mut env = Env::from([("DRAIN_SECONDS", "18446744073709551615")]);
        assert_eq!(env.duration("DRAIN_SECONDS", Duration::ZERO), Duration::ZERO);
        assert_eq!(env.finish().unwrap_err().to_string(), "DRAIN_SECONDS: is longer than a year");
    }

    #[test]
    fn a_secret_is_shown_neither_by_debug_nor_by_an_error() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "[redacted]");
        let mut env = Env::from([("PIN", "hunter2")]);
        let error = env.required::<Secret<u32>>("PIN").unwrap_err();
        assert_eq!(error.to_string(), "PIN: is not valid");
    }

    #[test]
    fn reading_goes_on_after_the_errors_were_told() {
        let mut env = Env::from([("PORT", "x")]);
        env.or("PORT", 1u16);
        assert!(env.finish().is_err());
        assert_eq!(env.finish(), Ok(()));
    }
}
