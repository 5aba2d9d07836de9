//! `switchyard load`: many orders, and how fast they come to their outcome.
//!
//! [`Load`] is the engine, and can be used without the command: `Load::new(&config, &platform).run()` answers a [`Report`]. What is
//! measured is the outcome of an order, not that it was taken in. In a closed loop a client that is free sends its next order; in an
//! open one orders are due at a rate whatever becomes of those before, and all times count from when an order was due, so that a
//! system that stalls cannot hide it by holding up those who measure (no *coordinated omission*).

mod config;
mod mix;
mod plan;
mod supply;

mod engine;
mod life;
mod run;

mod machine;
mod record;
mod report;
mod show;
mod times;
mod verdict;
mod watch;

pub use config::Config;
pub use life::Learn;
pub use machine::Machine;
pub use mix::{BadMix, Ended, Kind, Mix};
pub use record::Second;
pub use report::{Failed, Orders, Outcomes, Report, SHAPE, Throughput};
pub use run::Load;
pub use times::Percentiles;
pub use verdict::{Bottleneck, Verdict};
pub use watch::Generator;

use std::{path::PathBuf, time::Duration};

use chassis::{platform::Platform, shutdown};

use crate::{
    console::Console,
    durations::{duration, rate},
    failure::{Exit, Failure},
    remote::{AdminArgs, GatewayArgs},
    styles::{self, Choice, Chosen},
    write::write_json,
};

/// The longest warm-up unless told.
const MOST_WARM_UP: u64 = 1000;

/// What `load` can be told.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The style to load: its name, or `all` for one after the other. Without it the gateway's default style.
    #[arg(long, value_name = "STYLE|all")]
    style: Option<Choice>,

    /// How many orders to send, 1000 unless told or bounded by --duration; the warm-up is among them.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    orders: Option<u64>,

    /// For how long to send orders, such as 30s.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    duration: Option<Duration>,

    /// How many clients there are, each with one order at a time. With --rate it bounds what can be under way.
    #[arg(long, value_name = "C", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=4096))]
    concurrency: u16,

    /// Orders a second, whatever becomes of those before (an open loop): times count from when an order should have been sent.
    /// Without it each client sends its next order when the one before has its outcome (a closed loop).
    #[arg(long, value_name = "R", value_parser = rate)]
    rate: Option<f64>,

    /// With --rate: an order that is this late is not sent any more, and counted as such.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration, requires = "rate")]
    backlog: Duration,

    /// Measure only once so many orders have ended. Unless told it is a tenth of all that are to be sent, at most 1000; 100 if only
    /// the time is bounded.
    #[arg(long, value_name = "N")]
    warm_up: Option<u64>,

    /// What kinds of orders there are, by weights. Kinds: completed, out-of-stock, no-credit, unknown-customer, wrong-currency,
    /// cancel, and with the admin port declined, soft-declined, carrier-refused.
    #[arg(long, value_name = "KIND=WEIGHT,…", default_value_t)]
    mix: Mix,

    /// How many products an order has.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=100))]
    lines: u8,

    /// All orders are of one customer and the same products, whose rows everybody wants; else they are spread over many.
    #[arg(long)]
    hot: bool,

    /// What chance depends on: the same seed sends the same orders. Another one each time unless told; it is printed.
    #[arg(long)]
    seed: Option<u64>,

    /// How outcomes are learned. Unless told it is the one that costs the system least.
    #[arg(long, value_enum, default_value_t)]
    learn: Learn,

    /// How long an order may take to its outcome; one without is a failure.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration)]
    timeout: Duration,

    #[command(flatten)]
    gateway: GatewayArgs,

    #[command(flatten)]
    admin: AdminArgs,

    /// Write the figures as JSON to this file, too: an array with one report for each style.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Hears how a run goes.
pub trait Observer: Send + Sync {
    /// A second is over, and so many orders came by then. Not every second needs to be told.
    fn second(&self, second: &Second, orders: &Orders) {
        let _ = (second, orders);
    }
}

/// Sends orders, and tells how fast they came to their outcome. Ctrl-C stops it early, and what is known by then is told.
///
/// # Errors
/// The system cannot be asked, or what the orders need cannot be made.
pub async fn run(args: Args, platform: &Platform, console: &Console) -> Result<Exit, Failure> {
    if args.orders.zip(args.warm_up).is_some_and(|(orders, warm_up)| warm_up >= orders) {
        return Err(Failure::usage("the warm-up leaves no order to be measured")
            .advise("--warm-up is less than --orders."));
    }
    let gateway = args.gateway.connect(platform);
    let styles = styles::choose(args.style, &gateway, None).await?;
    let (trigger, stop) = shutdown::drain();
    let asked = async {
        shutdown::shutdown_signal().await;
        console.note("stopping; once more to give up what is under way");
        trigger.drain();
        shutdown::shutdown_signal().await;
    };
    let all = async {
        let mut reports = Vec::new();
        for style in styles {
            if !stop.is_requested() {
                reports.push(one(&args, style, platform, console, stop.clone()).await?);
            }
        }
        Ok::<_, Failure>(reports)
    };
    let reports = tokio::select! {
        reports = all => reports?,
        () = asked => return Err(Failure::failed("stopped; what was under way was given up")),
    };
    if let Some(file) = &args.json {
        write_json(file, &reports)?;
    }
    Ok(Exit::done_if(reports.iter().all(Report::is_well)))
}

async fn one(
    args: &Args,
    style: Chosen,
    platform: &Platform,
    console: &Console,
    stop: shutdown::Drain,
) -> Result<Report, Failure> {
    let config = args.config(style, platform);
    show::begin(style, &config, platform.build, console);
    let live = show::Live::new(style, console);
    let report = Load::new(&config, platform).observed_by(&live).until(stop).run().await?;
    drop(live);
    show::report(&report, console);
    Ok(report)
}

impl Args {
    /// About how many orders there will be. Without a rate nobody knows how many fit into a time.
    fn expected(&self, orders: Option<u64>) -> u64 {
        let in_time = self.duration.zip(self.rate).map(|(time, rate)| (time.as_secs_f64() * rate) as u64);
        orders.into_iter().chain(in_time).min().unwrap_or(1000)
    }

    fn config(&self, style: Chosen, platform: &Platform) -> Config {
        let orders = self.orders.or_else(|| self.duration.is_none().then_some(1000));
        Config {
            gateway: self.gateway.clone(),
            admin: self.admin.clone(),
            style: style.prefix,
            orders,
            duration: self.duration,
            clients: self.concurrency.into(),
            rate: self.rate,
            backlog: self.backlog,
            warm_up: self.warm_up.unwrap_or_else(|| (self.expected(orders) / 10).min(MOST_WARM_UP)),
            mix: self.mix.clone(),
            lines: self.lines.into(),
            hot: self.hot,
            seed: self.seed.unwrap_or_else(|| platform.random().next_u64()),
            learn: self.learn,
            timeout: self.timeout,
        }
    }
}
