//! Who was the bottleneck: the system, the generator, or what the two share.

use serde::Serialize;

use super::{Config, Orders, Percentiles, watch::Generator};

/// A thread that is busy for this part of the time has none left.
const BUSY_THREAD: f64 = 0.85;

/// A machine that is busy for this part of the time has none left.
const BUSY_MACHINE: f64 = 0.9;

/// One that is less busy than this could do more.
const TIME_LEFT: f64 = 0.7;

/// From this part of what a busy machine does the generator takes something away from the system.
const MUCH_OF_IT: f64 = 0.2;

/// A generator that is as late as this in one case of a hundred, in milliseconds, is told of if it matters …
const LATE_MS: f64 = 5.0;

/// … which it does from this part of the time that is measured.
const MUCH_OF_THE_TIME: f64 = 0.25;

/// The part of an open loop's orders that may wait for a client.
const QUEUED: f64 = 0.01;

/// Who was the bottleneck, and how that is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Who.
    pub bottleneck: Bottleneck,
    /// How that is known, sentence by sentence.
    pub reasons: Vec<String>,
}

/// Who was the bottleneck.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bottleneck {
    /// Nobody: an open loop kept its rate.
    Nobody,
    /// The system: the figures are its own.
    System,
    /// The generator: the system might do better than the figures tell.
    Generator,
    /// The machine, which both share: the figures are those of both together.
    Machine,
    /// There were too few clients for the rate, or the system was too slow for it.
    Clients,
    /// Nobody knows: nothing was measured.
    Unknown,
}

impl Bottleneck {
    /// As a sentence.
    #[must_use]
    pub const fn told(self) -> &'static str {
        match self {
            Self::Nobody => "nobody was the bottleneck: the rate was kept",
            Self::System => "the system was the bottleneck",
            Self::Generator => "THE GENERATOR was the bottleneck, not the system: these figures are its own",
            Self::Machine => {
                "the machine was the bottleneck, which system and generator share: the figures are of both together"
            }
            Self::Clients => "the rate was not kept: all clients were waiting for the system",
            Self::Unknown => "nothing was measured, so that nobody knows what the bottleneck was",
        }
    }
}

/// What a run is judged by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen<'a> {
    pub(super) config: &'a Config,
    pub(super) orders: Orders,
    pub(super) to_outcome_ms: Percentiles,
    pub(super) generator: Generator,
}

/// Judges a run.
pub(super) fn judge(seen: Seen<'_>) -> Verdict {
    let own = own_limits(seen.generator, seen.to_outcome_ms);
    let shared = shared_machine(seen.generator);
    let clients = few_clients(seen);
    // What is the generator's own comes first: with it, nothing is known of the system.
    let bottleneck = if seen.to_outcome_ms.count == 0 {
        Bottleneck::Unknown
    } else if !own.is_empty() {
        Bottleneck::Generator
    } else if !clients.is_empty() {
        Bottleneck::Clients
    } else if seen.config.rate.is_some() {
        Bottleneck::Nobody
    } else if shared.is_some() {
        Bottleneck::Machine
    } else {
        Bottleneck::System
    };
    let idle = (bottleneck == Bottleneck::System).then(|| time_left(seen.generator)).flatten();
    let reasons = own.into_iter().chain(clients).chain(shared).chain(idle);
    let reasons = reasons.chain([always(seen.generator)]).collect();
    Verdict { bottleneck, reasons }
}

/// What kept the generator from doing its work.
fn own_limits(generator: Generator, to_outcome: Percentiles) -> Vec<String> {
    let mut reasons = Vec::new();
    if generator.busiest_thread >= BUSY_THREAD {
        reasons.push(format!("the busiest of its {} threads had no time left", generator.threads));
    }
    let late = |what: &str, times: Percentiles| {
        let much = times.p99 >= LATE_MS && times.p99 >= to_outcome.p50 * MUCH_OF_THE_TIME;
        much.then(|| {
            format!(
                "{what} up to {:.1} ms late (p99), of {:.1} ms to the outcome (p50)",
                times.p99, to_outcome.p50
            )
        })
    };
    reasons.extend(late("it woke", generator.lag_ms));
    reasons.extend(late("it sent orders", generator.delay_ms));
    reasons
}

/// What it took away from the system.
fn shared_machine(generator: Generator) -> Option<String> {
    let busy = generator.machine_busy.filter(|busy| *busy >= BUSY_MACHINE)?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as f64;
    let part = generator.cores / (cores * busy);
    (part >= MUCH_OF_IT).then(|| {
        format!("the machine had no time left, and {:.0} % of what it did was the generator's", part * 100.0)
    })
}

/// What a closed loop leaves unused. Each client waits for one order at a time; what the system waits for meanwhile, its disk say, may
/// well be shared by more of them.
fn time_left(generator: Generator) -> Option<String> {
    let busy = generator.machine_busy.filter(|busy| *busy < TIME_LEFT)?;
    Some(format!(
        "yet the machine was only {:.0} % busy: with more --concurrency the system may do more in a second",
        busy * 100.0
    ))
}

/// What an open loop could not send when it should.
fn few_clients(Seen { config, orders, generator, .. }: Seen<'_>) -> Vec<String> {
    let Some(rate) = config.rate else { return Vec::new() };
    let mut reasons = Vec::new();
    let queued = generator.queued_ms;
    if queued.count as f64 > orders.sent as f64 * QUEUED {
        reasons.push(format!(
            "{} orders waited for one of {} clients, up to {:.0} ms; the times count that from when each should have been sent",
            queued.count, config.clients, queued.max
        ));
    }
    if orders.not_sent > 0 {
        reasons.push(format!("{} of {rate} orders a second were not sent at all", orders.not_sent));
    }
    if !reasons.is_empty() {
        reasons.push("more --concurrency helps if the system answers slowly and can do more at a time; else the rate is too high".to_owned());
    }
    reasons
}

fn always(generator: Generator) -> String {
    let Generator { threads, busiest_thread, cores, machine_busy, lag_ms, .. } = generator;
    let machine =
        machine_busy.map_or_else(String::new, |busy| format!("; the machine was {:.0} % busy", busy * 100.0));
    format!(
        "the generator took {cores:.2} processors on {threads} threads, the busiest {:.0} % of the time, and woke {:.1} ms late (p99){machine}",
        busiest_thread * 100.0,
        lag_ms.p99
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(rate: Option<f64>, orders: Orders, generator: Generator) -> Verdict {
        let config = Config { rate, ..Config::default() };
        let to_outcome_ms = Percentiles { count: orders.ended, p50: 20.0, ..Percentiles::default() };
        judge(Seen { config: &config, orders, to_outcome_ms, generator })
    }

    fn late(p99: f64) -> Percentiles {
        Percentiles { p99, ..Percentiles::default() }
    }

    const SENT: Orders = Orders { sent: 1000, ended: 1000, failed: 0, unfinished: 0, not_sent: 0 };

    #[test]
    fn a_generator_with_time_to_spare_measures_the_system() {
        let generator =
            Generator { busiest_thread: 0.4, cores: 0.4, machine_busy: Some(0.7), ..Generator::default() };
        assert_eq!(judged(None, SENT, generator).bottleneck, Bottleneck::System);
        assert_eq!(judged(Some(100.0), SENT, generator).bottleneck, Bottleneck::Nobody);
    }

    #[test]
    fn of_nothing_nobody_knows() {
        let lagging = Generator { lag_ms: late(8.0), ..Generator::default() };
        assert_eq!(judged(None, Orders::default(), lagging).bottleneck, Bottleneck::Unknown);
    }

    #[test]
    fn a_generator_without_time_or_late_is_the_bottleneck_itself() {
        let busy = Generator { busiest_thread: 0.95, ..Generator::default() };
        let lagging = Generator { lag_ms: late(8.0), ..Generator::default() };
        let delayed = Generator { delay_ms: late(8.0), ..Generator::default() };
        for (generator, word) in [(busy, "no time left"), (lagging, "it woke"), (delayed, "it sent orders")] {
            let Verdict { bottleneck, reasons } = judged(None, SENT, generator);
            assert_eq!(bottleneck, Bottleneck::Generator);
            assert!(reasons[0].contains(word), "{reasons:?}");
        }
    }

    #[test]
    fn a_delay_that_is_little_beside_what_is_measured_does_not_matter() {
        let generator = Generator { lag_ms: late(4.9), delay_ms: late(4.9), ..Generator::default() };
        assert_eq!(judged(None, SENT, generator).bottleneck, Bottleneck::System);
    }

    #[test]
    fn a_closed_loop_that_leaves_time_unused_says_so() {
        let of = |busy| Generator { machine_busy: Some(busy), ..Generator::default() };
        let told =
            |busy| judged(None, SENT, of(busy)).reasons.iter().any(|it| it.contains("more --concurrency"));
        assert!(told(0.4) && !told(0.8));
    }

    #[test]
    fn a_busy_machine_is_shared_if_the_generator_takes_much_of_it() {
        let of = |cores| Generator { cores, machine_busy: Some(0.99), ..Generator::default() };
        let all = std::thread::available_parallelism().map_or(1, usize::from) as f64;
        assert_eq!(judged(None, SENT, of(all * 0.3)).bottleneck, Bottleneck::Machine);
        assert_eq!(judged(None, SENT, of(all * 0.1)).bottleneck, Bottleneck::System);
    }

    #[test]
    fn orders_that_wait_for_a_client_or_are_not_sent_tell_that_the_rate_was_not_kept() {
        let queued = |count| Generator {
            queued_ms: Percentiles { count, max: 40.0, ..late(40.0) },
            ..Generator::default()
        };
        assert_eq!(judged(Some(100.0), SENT, queued(11)).bottleneck, Bottleneck::Clients);
        assert_eq!(judged(Some(100.0), SENT, queued(10)).bottleneck, Bottleneck::Nobody);
        let Verdict { bottleneck, reasons } = judged(Some(100.0), Orders { not_sent: 1, ..SENT }, queued(0));
        assert_eq!(bottleneck, Bottleneck::Clients);
        assert!(reasons[0].contains("not sent at all"), "{reasons:?}");
    }
}
