//! A run: what it needs is made, the orders are sent, and what came of them is put together.

use chassis::{platform::Platform, shutdown::Drain};
use contracts::{
    Timestamp,
    outside::simulators::{Behaviour, ChangeSettings},
    style::Style,
};

use super::{
    Config, Kind, Observer, Report, SHAPE,
    engine::Engine,
    life::Client,
    machine::Machine,
    plan::{Plan, script},
    supply::Supply,
    verdict::{Seen, judge},
    watch::Watch,
};
use crate::{audit::simulators_of, failure::Failure, remote::Pushback, workload::Run};

/// A load on a system that runs.
pub struct Load<'a> {
    config: &'a Config,
    platform: &'a Platform,
    observer: &'a dyn Observer,
    stop: Option<Drain>,
}

/// Hears of nothing.
struct Nobody;

impl Observer for Nobody {}

impl<'a> Load<'a> {
    /// A load of which nobody hears before its end, over the platform's network. It runs on the runtime of whoever awaits it, whose
    /// threads it takes for the generator's: where the system runs in the same process, give it a runtime of its own.
    #[must_use]
    pub fn new(config: &'a Config, platform: &'a Platform) -> Self {
        Self { config, platform, observer: &Nobody, stop: None }
    }

    /// One of which this observer hears.
    #[must_use]
    pub fn observed_by(self, observer: &'a dyn Observer) -> Self {
        Self { observer, ..self }
    }

    /// One that stops early when it is asked to: what was sent by then is waited for a little while.
    #[must_use]
    pub fn until(self, stop: Drain) -> Self {
        Self { stop: Some(stop), ..self }
    }

    /// Makes customers and products, sends the orders, and tells what came of them. Cancel safe: what was begun is given up.
    ///
    /// # Errors
    /// What the orders need cannot be made: the system does not answer, or has no simulators where the mix needs them.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub async fn run(self) -> Result<Report, Failure> {
        let Self { config, platform, observer, stop } = self;
        // Dropping the trigger would ask to stop: it is kept to the end.
        let (_never, nobody_asks) = chassis::shutdown::drain();
        let run = Run::new(platform.random());
        let api = config.gateway.connect(platform).api(config.style, platform.random(), config.timeout);
        let supply = Supply::provide(config, &api, &run).await?;
        tell_outside(config, platform, &run).await?;

        let plan = Plan {
            run: run.clone(),
            seed: config.seed,
            mix: config.mix.clone(),
            lines: config.lines,
            supply,
        };
        let client = Client { api: api.clone(), learn: config.learn, patience: config.timeout };
        let (before, began_at) = (api.pushback(), Timestamp::from_micros(platform.clock.now()));
        let watch = Watch::begin();
        let engine = Engine::begin(config, plan, client, stop.unwrap_or(nobody_asks));
        let interrupted = engine.run(&watch, observer).await;
        let of_run = OfRun { run, began_at, interrupted, pushback: api.pushback().since(before) };
        Ok(report(config, platform, &engine, &watch, of_run))
    }
}

/// What is known of a run beside its record.
struct OfRun {
    run: Run,
    began_at: Timestamp,
    interrupted: bool,
    pushback: Pushback,
}

fn report(config: &Config, platform: &Platform, engine: &Engine, watch: &Watch, of_run: OfRun) -> Report {
    let mut record = engine.record();
    let to_outcome_ms = record.to_outcome.told();
    let generator = watch.read(record.delay.told(), record.queued.told());
    let orders = record.orders();
    Report {
        shape: SHAPE,
        run: of_run.run.to_string(),
        began_at: of_run.began_at,
        config: config.clone(),
        program: platform.build,
        machine: Machine::this(),
        took_s: record.took().as_secs_f64(),
        interrupted: of_run.interrupted,
        orders,
        outcomes: record.outcomes(),
        kinds: record.kinds(),
        throughput: record.throughput(),
        to_outcome_ms,
        to_answer_ms: record.to_answer.told(),
        pushback: of_run.pushback,
        seconds: record.all_seconds(),
        generator,
        verdict: judge(Seen { config, orders, to_outcome_ms, generator }),
        failures: record.failures(),
    }
}

/// Tells the systems outside how to answer about the orders of each kind: once, by the name that these share.
async fn tell_outside(config: &Config, platform: &Platform, run: &Run) -> Result<(), Failure> {
    if !config.mix.kinds().any(Kind::is_scripted) {
        return Ok(());
    }
    let admin = config.admin.connect(platform);
    let apps = admin.apps().await?;
    let styles = config.style.map_or_else(|| Style::ALL.to_vec(), |style| vec![style]);
    for kind in config.mix.kinds() {
        let Some((system, behaviour)) = outside(kind) else { continue };
        let reference = script(run, kind).parse().map_err(|error| Failure::because(&error))?;
        let scripts = [(reference, Some(behaviour))].into();
        let change = ChangeSettings { scripts, ..ChangeSettings::default() };
        for style in &styles {
            let Some(app) = simulators_of(&apps, *style) else { continue };
            admin.set_simulator(app, system, &change).await?;
        }
    }
    Ok(())
}

/// Who outside has to do what, if orders of a kind need it.
const fn outside(kind: Kind) -> Option<(&'static str, Behaviour)> {
    match kind {
        Kind::Declined => Some(("payment", Behaviour::Decline)),
        Kind::SoftDeclined => Some(("payment", Behaviour::SoftDecline)),
        Kind::CarrierRefused => Some(("carrier", Behaviour::Refuse)),
        _ => None,
    }
}
