//! Many seeds, on all cores.

use std::{
    env,
    io::{self, Write},
    num::NonZero,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    thread,
    time::Duration,
};

use contracts::Style;
use tokio::time::{Instant, advance, sleep};

/// Does something for each of so many seeds, in a paused time of its own: for 0 and those after it, unless `SEED` says which one
/// alone. `PROVE` says for how many times as many, from a place that nobody has been to.
///
/// # Panics
/// The first that fails ends it all, and its seed is told.
pub(crate) fn each(what: &str, count: u64, prove: impl AsyncFn(u64) + Sync) {
    let seeds = Seeds::new(count);
    let begun = Instant::now();
    thread::scope(|scope| {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some(seed) = seeds.next() {
                    let proved = catch_unwind(AssertUnwindSafe(|| run(prove(seed))));
                    if let Err(why) = proved {
                        seeds.stop();
                        report(format_args!("{what} failed: repeat it with SEED={seed}"));
                        resume_unwind(why);
                    }
                }
            });
        }
    });
    let (count, took) = (seeds.count, begun.elapsed());
    let each = took / u32::try_from(count.max(1)).unwrap_or(u32::MAX);
    report(format_args!(
        "{what}: {count} seeds from {} on within {took:.1?}, {each:.1?} for one",
        seeds.first
    ));
}

/// Runs something on this thread alone, in a time that passes at once while there is nothing to do.
pub(crate) fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let done = runtime.block_on(async {
        begin_a_millisecond().await;
        Box::pin(work).await
    });
    // What is left of a system that was not stopped has nothing more to say.
    runtime.shutdown_timeout(Duration::ZERO);
    done
}

/// All styles, or the one that `STYLE` names.
pub(crate) fn styles() -> impl Iterator<Item = Style> {
    let named =
        env::var("STYLE").ok().map(|name| name.parse::<Style>().unwrap_or_else(|why| panic!("{why}")));
    Style::ALL.into_iter().filter(move |style| named.is_none_or(|named| named == *style))
}

/// Whether a seed was asked for by itself.
pub(crate) fn is_chosen() -> bool {
    env::var_os("SEED").is_some()
}

/// Lets a paused time go on to the beginning of one of the timer's milliseconds.
///
/// Tokio's timer fires at whole milliseconds since the runtime was made, and time was paused a little later than that: by how much
/// decides which of two timers is first whose times are less than a millisecond apart, and is another in every run. A timer
/// that is to fire just before the next millisecond tells whether it does.
async fn begin_a_millisecond() {
    const MILLISECOND: u64 = 1_000_000;
    let (mut least, mut most) = (0, MILLISECOND);
    while least < most {
        let guess = least.midpoint(most);
        let before = Instant::now();
        sleep(Duration::from_nanos(MILLISECOND - guess)).await;
        if before.elapsed() > Duration::from_nanos(MILLISECOND) { least = guess + 1 } else { most = guess }
    }
    advance(Duration::from_nanos(MILLISECOND - least)).await;
}

/// A line on standard error: unlike what is printed, the test harness shows it always.
pub(crate) fn report(line: std::fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{line}");
}

struct Seeds {
    first: u64,
    count: u64,
    taken: AtomicU64,
}

impl Seeds {
    fn new(count: u64) -> Self {
        let (first, count) = match (number("SEED"), number("PROVE")) {
            (Some(seed), _) => (seed, 1),
            (None, Some(times)) => (chassis::ids::Random::system().next_u64() >> 24, count * times),
            (None, None) => (0, count),
        };
        Self { first, count, taken: AtomicU64::new(0) }
    }

    fn next(&self) -> Option<u64> {
        let taken = self.taken.fetch_add(1, Relaxed);
        (taken < self.count).then(|| self.first + taken)
    }

    fn stop(&self) {
        self.taken.store(self.count, Relaxed);
    }
}

fn number(name: &str) -> Option<u64> {
    env::var(name)
        .ok()
        .map(|value| value.parse().unwrap_or_else(|_| panic!("{name} is a number, not `{value}`")))
}
