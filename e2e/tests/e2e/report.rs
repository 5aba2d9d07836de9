//! What whoever runs the tests should see even if all goes well, and may decide.

use std::{
    env, fmt,
    io::{self, Write},
};

use chassis::ids::Random;

/// A line on standard error: unlike what is printed, the test harness shows it always.
pub(crate) fn report(line: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// The random numbers of a test, from the seed in `SEED` if there is one. The same seed makes the same decisions,
/// though threads and processes may take turns otherwise.
pub(crate) fn seed(what: &str) -> Random {
    let seed = from_env("SEED").unwrap_or_else(|| Random::system().next_u64());
    report(format_args!("{what}: SEED={seed}"));
    Random::seeded(seed)
}

/// The number in a variable of the environment, if it is set.
pub(crate) fn from_env(name: &str) -> Option<u64> {
    env::var(name).ok().map(|value| value.parse().unwrap())
}
