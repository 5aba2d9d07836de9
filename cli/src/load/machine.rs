//! The machine on which a run was made: figures mean nothing without it.

use std::{env, fs, thread};

use serde::Serialize;

/// A machine, as far as it tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Machine {
    /// Processors that this process may use.
    pub cores: usize,
    /// Their model.
    pub cpu: Option<String>,
    /// Bytes of memory.
    pub memory_bytes: Option<u64>,
    /// The operating system.
    pub os: &'static str,
    /// Its kernel.
    pub kernel: Option<String>,
}

impl Machine {
    /// This one.
    #[must_use]
    pub fn this() -> Self {
        let read = |file| fs::read_to_string(file).ok();
        Self {
            cores: thread::available_parallelism().map_or(1, Into::into),
            cpu: read("/proc/cpuinfo").and_then(|text| field(&text, "model name")),
            memory_bytes: read("/proc/meminfo").and_then(|text| field(&text, "MemTotal")).and_then(kibibytes),
            os: env::consts::OS,
            kernel: read("/proc/sys/kernel/osrelease").map(|text| text.trim().to_owned()),
        }
    }
}

/// The value of the first line `name: value`.
fn field(text: &str, name: &str) -> Option<String> {
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    let mut values = lines.filter(|(field, _)| field.trim() == name).map(|(_, value)| value.trim());
    values.next().map(str::to_owned)
}

fn kibibytes(text: String) -> Option<u64> {
    text.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_their_names() {
        let text = "processor\t: 0\nmodel name\t: A fast one\nMemTotal:       16 kB\n";
        assert_eq!(field(text, "model name").as_deref(), Some("A fast one"));
        assert_eq!(field(text, "MemTotal").and_then(kibibytes), Some(16 * 1024));
        assert_eq!(field(text, "Turbo"), None);
    }
}
