//! `switchyard simulators`: how the systems outside answer, and what goes wrong with them.

use std::time::Duration;

use chassis::platform::Platform;
use contracts::{
    Reference,
    outside::simulators::{Behaviour, ChangeFaults, ChangeSettings, Faults, Settings, Simulator},
};
use serde::de::{DeserializeOwned, IntoDeserializer, value::Error as NoValue};

use crate::{
    apps::StyleArgs,
    console::Console,
    durations::duration,
    failure::{Exit, Failure},
    remote::{Admin, AdminArgs, App},
    workload::word,
};

/// What to do with the simulators.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// Change how a system outside answers, until it is changed again.
    Set(Box<Set>),
    /// Show how the systems outside answer.
    Show(Show),
}

/// A system outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum System {
    /// Takes money.
    Payment,
    /// Carries goods.
    Carrier,
    /// Sends mail.
    Mail,
}

impl System {
    const ALL: [Self; 3] = [Self::Payment, Self::Carrier, Self::Mail];

    const fn name(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::Carrier => "carrier",
            Self::Mail => "mail",
        }
    }
}

/// Which simulators to show.
#[derive(Clone, Debug, clap::Args)]
pub struct Show {
    /// Only this one.
    system: Option<System>,

    #[command(flatten)]
    styles: StyleArgs,

    #[command(flatten)]
    admin: AdminArgs,
}

/// What to change; what is not named stays as it is.
#[derive(Clone, Debug, clap::Args)]
pub struct Set {
    /// The system.
    system: System,

    /// How requests without a script are answered: accept, hold; carrier: refuse; payment: decline, soft-decline.
    #[arg(long, value_parser = parse::<Behaviour>)]
    behaviour: Option<Behaviour>,

    /// Which part of the requests without a script is refused, from 0 to 1.
    #[arg(long, value_name = "RATE")]
    refuse_rate: Option<f64>,

    /// How long every request waits before it is done, such as 200ms.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    latency: Option<Duration>,

    /// Up to how much longer.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    jitter: Option<Duration>,

    /// Which part of the requests fails before anything is done, from 0 to 1.
    #[arg(long, value_name = "RATE")]
    error_rate: Option<f64>,

    /// Of which part the answer is lost after everything was done, from 0 to 1.
    #[arg(long, value_name = "RATE")]
    drop_rate: Option<f64>,

    /// Nobody is there; `--down false` brings it back.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    down: Option<bool>,

    /// What all chance depends on: the same seed gives the same luck.
    #[arg(long)]
    seed: Option<u64>,

    /// How requests about the order of this reference are answered; `none` takes the script away. Can be given many times.
    #[arg(long, value_name = "REFERENCE=BEHAVIOUR", value_parser = script)]
    script: Vec<(Reference, Option<Behaviour>)>,

    /// Everything as at the beginning, scripts apart; what else is given comes on top.
    #[arg(long)]
    reset: bool,

    #[command(flatten)]
    styles: StyleArgs,

    #[command(flatten)]
    admin: AdminArgs,
}

/// Does what was asked.
///
/// # Errors
/// The admin port does not answer, or a setting makes no sense.
pub async fn run(command: Command, platform: &Platform, console: &Console) -> Result<Exit, Failure> {
    match command {
        Command::Set(set) => {
            let admin = set.admin.connect(platform);
            let change = set.change();
            for app in simulators(set.styles, &admin).await? {
                let simulator = admin.set_simulator(&app, set.system.name(), &change).await?;
                show(&app, set.system, &simulator, console);
            }
        }
        Command::Show(asked) => {
            let admin = asked.admin.connect(platform);
            let systems = asked.system.map_or_else(|| System::ALL.to_vec(), |system| vec![system]);
            for app in simulators(asked.styles, &admin).await? {
                for system in &systems {
                    show(&app, *system, &admin.simulator(&app, system.name()).await?, console);
                }
            }
        }
    }
    Ok(Exit::Done)
}

async fn simulators(styles: StyleArgs, admin: &Admin) -> Result<Vec<App>, Failure> {
    let apps = styles.apps(admin).await?;
    let simulators: Vec<_> = apps.into_iter().filter(|app| app.service == "simulators").collect();
    if simulators.is_empty() {
        return Err(Failure::failed("the admin port shows no simulators")
            .advise("Where the systems outside are real, nothing can be set."));
    }
    Ok(simulators)
}

impl Set {
    fn change(&self) -> ChangeSettings {
        let or = |value: Option<f64>, beginning: f64| value.or_else(|| self.reset.then_some(beginning));
        let ms = |value: Option<Duration>, beginning: u64| {
            let ms = value.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
            ms.or_else(|| self.reset.then_some(beginning))
        };
        let Settings { default, refuse_rate, faults, seed } = Settings::default();
        ChangeSettings {
            default: self.behaviour.or_else(|| self.reset.then_some(default)),
            refuse_rate: or(self.refuse_rate, refuse_rate),
            scripts: self.script.iter().cloned().collect(),
            faults: ChangeFaults {
                latency_ms: ms(self.latency, faults.latency_ms),
                jitter_ms: ms(self.jitter, faults.jitter_ms),
                error_rate: or(self.error_rate, faults.error_rate),
                drop_rate: or(self.drop_rate, faults.drop_rate),
                down: self.down.or_else(|| self.reset.then_some(faults.down)),
            },
            seed: self.seed.or_else(|| self.reset.then_some(seed)),
        }
    }
}

fn show(app: &App, system: System, simulator: &Simulator, console: &Console) {
    let Settings { default, refuse_rate, faults, seed } = &simulator.settings;
    let Faults { latency_ms, jitter_ms, error_rate, drop_rate, down } = faults;
    let state = if *down { "down" } else { "up" };
    console.line(format_args!("{}/{}: {state}, answers {}", app.style, system.name(), word(default)));
    console.line(format_args!(
        "  refuses {refuse_rate}, fails {error_rate}, loses the answer of {drop_rate}; {latency_ms} ms, up to {jitter_ms} ms \
         more; seed {seed}; {} scripts",
        simulator.scripts_total
    ));
    for held in &simulator.held {
        let reference = held.reference.as_ref().map_or("no reference", Reference::as_str);
        console.line(format_args!("  holds {} for order {} ({reference})", held.key, held.order_id));
    }
}

/// A word of the API.
fn parse<T: DeserializeOwned>(word: &str) -> Result<T, String> {
    T::deserialize(word.into_deserializer()).map_err(|error: NoValue| error.to_string())
}

fn script(text: &str) -> Result<(Reference, Option<Behaviour>), String> {
    let (reference, behaviour) =
        text.rsplit_once('=').ok_or("a script looks like web-4711=decline, or web-4711=none")?;
    let reference = reference.parse::<Reference>().map_err(|error| error.to_string())?;
    let behaviour = if behaviour == "none" { None } else { Some(parse(behaviour)?) };
    Ok((reference, behaviour))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_names_a_reference_and_a_behaviour() {
        let reference: Reference = "web=1".parse().unwrap();
        assert_eq!(script("web=1=soft-decline"), Ok((reference.clone(), Some(Behaviour::SoftDecline))));
        assert_eq!(script("web=1=none"), Ok((reference, None)));
        assert!(script("web").is_err());
        assert!(script("web=maybe").unwrap_err().contains("unknown variant `maybe`"));
    }
}
