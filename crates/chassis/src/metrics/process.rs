//! What the process takes from the machine, as Prometheus' client libraries name it; read from `/proc`, and empty where
//! there is none.

use std::{borrow::Cow, fs, path::Path};

use super::family::{Description, Kind, Sample, Samples};
use crate::panics;

/// In how many parts a second is told in `/proc/self/stat`: `USER_HZ`, which is 100 on every architecture that this
/// runs on.
const TICKS_PER_SECOND: f64 = 100.0;

/// One family, and what it is read from.
type Family = (&'static str, &'static str, Kind, fn(&Proc) -> Option<f64>);

const FAMILIES: [Family; 8] = [
    (
        "process_cpu_seconds_total",
        "Time on the processors, in user and system mode.",
        Kind::Counter,
        Proc::cpu,
    ),
    ("process_resident_memory_bytes", "Memory that is resident.", Kind::Gauge, |proc| proc.status("VmRSS:")),
    ("process_virtual_memory_bytes", "Memory that is mapped.", Kind::Gauge, |proc| proc.status("VmSize:")),
    ("process_threads", "Threads.", Kind::Gauge, |proc| proc.status("Threads:")),
    ("process_open_fds", "File descriptors that are open.", Kind::Gauge, |proc| proc.open_fds()),
    ("process_max_fds", "File descriptors that may be open.", Kind::Gauge, Proc::max_fds),
    ("process_start_time_seconds", "When it began, since the Unix epoch.", Kind::Gauge, Proc::started),
    ("panics_total", "Panics, of handlers, background parts and everything else.", Kind::Counter, |_| {
        Some(panics::count())
    }),
];

/// The families, with what can be read of them now.
pub(super) fn families() -> Vec<(Description, Vec<Sample>)> {
    let proc = Proc::read(Path::new("/proc"));
    let family = |(name, help, kind, read): Family| {
        let mut samples = Samples::default();
        if let Some(value) = read(&proc) {
            samples.number(&[], value);
        }
        (Description { name, help, kind, labels: Cow::Borrowed(&[]) }, samples.0)
    };
    FAMILIES.map(family).into()
}

/// What `/proc` says of this process.
#[derive(Debug, Default)]
struct Proc {
    /// The fields of `stat` from the third on: what stands before, a name in brackets, may have blanks in it.
    stat: Vec<String>,
    status: String,
    limits: String,
    open_fds: usize,
    /// When the machine was started, in seconds since the Unix epoch.
    booted: Option<f64>,
}

impl Proc {
    fn read(proc: &Path) -> Self {
        let text = |path: &str| fs::read_to_string(proc.join(path)).unwrap_or_default();
        let stat = text("self/stat");
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
        let machine = text("stat");
        let booted = machine.lines().find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok());
        Self {
            stat: fields.split_ascii_whitespace().map(str::to_owned).collect(),
            status: text("self/status"),
            limits: text("self/limits"),
            // The directory itself is open while it is counted.
            open_fds: fs::read_dir(proc.join("self/fd")).map_or(0, |fds| fds.count().saturating_sub(1)),
            booted,
        }
    }

    /// A field of `stat` by its number in proc(5), in seconds.
    fn ticks(&self, number: usize) -> Option<f64> {
        let ticks: f64 = self.stat.get(number - 3)?.parse().ok()?;
        Some(ticks / TICKS_PER_SECOND)
    }

    fn cpu(&self) -> Option<f64> {
        Some(self.ticks(14)? + self.ticks(15)?)
    }

    fn started(&self) -> Option<f64> {
        Some(self.booted? + self.ticks(22)?)
    }

    /// A line of `status`: in bytes, where it is in kibibytes.
    fn status(&self, name: &str) -> Option<f64> {
        let mut words =
            self.status.lines().find_map(|line| line.strip_prefix(name))?.split_ascii_whitespace();
        let number: f64 = words.next()?.parse().ok()?;
        Some(if words.next() == Some("kB") { number * 1024.0 } else { number })
    }

    #[expect(clippy::cast_precision_loss, reason = "nobody opens 2^53 files")]
    fn open_fds(&self) -> Option<f64> {
        (self.open_fds > 0).then_some(self.open_fds as f64)
    }

    fn max_fds(&self) -> Option<f64> {
        let limit = self.limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
        match limit.split_ascii_whitespace().next()? {
            "unlimited" => Some(f64::INFINITY),
            number => number.parse().ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_of_this_process_makes_sense() {
        let value = |name: &str| match families().iter().find(|(it, _)| it.name == name).unwrap().1[0].value {
            super::super::Value::Number(value) => value,
            _ => unreachable!("all of them are numbers"),
        };
        assert!(value("process_resident_memory_bytes") > 1e6);
        assert!(value("process_virtual_memory_bytes") >= value("process_resident_memory_bytes"));
        assert!(value("process_threads") >= 1.0 && value("process_cpu_seconds_total") >= 0.0);
        assert!(value("process_open_fds") >= 3.0 && value("process_max_fds") >= value("process_open_fds"));
        // Later than this program was written, and than no clock shows.
        assert!((1.7e9..1e11).contains(&value("process_start_time_seconds")));
    }

    #[test]
    fn a_name_with_brackets_and_blanks_in_it_is_skipped() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("self")).unwrap();
        let fields = "S 1 1 1 0 -1 0 0 0 0 0 150 50 0 0 20 0 4 0 700 1 1";
        fs::write(directory.path().join("self/stat"), format!("7 (a) b (c)) {fields}")).unwrap();
        fs::write(directory.path().join("stat"), "cpu 1\nbtime 1000\n").unwrap();
        let proc = Proc::read(directory.path());
        assert_eq!((proc.cpu(), proc.started()), (Some(2.0), Some(1007.0)));
        assert_eq!((proc.status("VmRSS:"), proc.open_fds(), proc.max_fds()), (None, None, None));
    }
}
