//! How a simulator answers, decided from what it is set to: pure, and the same for the same seed and key.

use std::{fmt, time::Duration};

use chassis::{extract::Fields, ids::Random};
use contracts::{
    outside::simulators::{Behaviour, ChangeSettings, Faults, Outcome, Settings},
    problem::FieldError,
};
use serde::Deserialize;
use uuid::Uuid;

/// The longest latency, and the longest jitter, in milliseconds.
const LONGEST_MS: u64 = 60_000;

/// A system outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum System {
    /// Takes money.
    Payment,
    /// Carries goods.
    Carrier,
    /// Sends mail.
    Mail,
}

impl System {
    /// The name, in paths and in the store.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::Carrier => "carrier",
            Self::Mail => "mail",
        }
    }

    /// What the names of its charges, bookings or messages begin with.
    #[must_use]
    pub const fn id_prefix(self) -> &'static str {
        match self {
            Self::Payment => "ch_",
            Self::Carrier => "bk_",
            Self::Mail => "msg_",
        }
    }

    /// How it says no to the part of its requests that `refuse_rate` gives; mail never does.
    const fn refusal(self) -> Option<Behaviour> {
        match self {
            Self::Payment => Some(Behaviour::Decline),
            Self::Carrier => Some(Behaviour::Refuse),
            Self::Mail => None,
        }
    }

    const fn knows(self, behaviour: Behaviour) -> bool {
        match behaviour {
            Behaviour::Accept | Behaviour::Hold => true,
            Behaviour::Refuse => matches!(self, Self::Carrier),
            Behaviour::Decline | Behaviour::SoftDecline => matches!(self, Self::Payment),
        }
    }
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a simulator is set to after a change.
///
/// # Errors
/// Every field that is wrong.
pub fn changed(
    system: System,
    settings: &Settings,
    change: &ChangeSettings,
) -> Result<Settings, Vec<FieldError>> {
    let (before, faults) = (&settings.faults, &change.faults);
    let changed = Settings {
        default: change.default.unwrap_or(settings.default),
        refuse_rate: change.refuse_rate.unwrap_or(settings.refuse_rate),
        faults: Faults {
            latency_ms: faults.latency_ms.unwrap_or(before.latency_ms),
            jitter_ms: faults.jitter_ms.unwrap_or(before.jitter_ms),
            error_rate: faults.error_rate.unwrap_or(before.error_rate),
            drop_rate: faults.drop_rate.unwrap_or(before.drop_rate),
            down: faults.down.unwrap_or(before.down),
        },
        seed: change.seed.unwrap_or(settings.seed),
    };
    let mut fields = Fields::new();
    check_behaviours(&mut fields, system, change);
    check_numbers(&mut fields, system, &changed);
    fields.none_wrong(changed)
}

fn check_behaviours(fields: &mut Fields, system: System, change: &ChangeSettings) {
    let scripted = change.scripts.iter().filter_map(|(reference, script)| Some((reference, (*script)?)));
    let scripted = scripted.map(|(reference, behaviour)| (format!("scripts.{reference}"), behaviour));
    let default = change.default.map(|behaviour| ("default".to_owned(), behaviour));
    for (field, behaviour) in scripted.chain(default) {
        if !system.knows(behaviour) {
            fields.note(&field, format!("{system} cannot do that"));
        }
    }
}

fn check_numbers(fields: &mut Fields, system: System, settings: &Settings) {
    let faults = &settings.faults;
    let rates = [
        ("refuse_rate", settings.refuse_rate),
        ("faults.error_rate", faults.error_rate),
        ("faults.drop_rate", faults.drop_rate),
    ];
    for (field, rate) in rates {
        if !(0.0..=1.0).contains(&rate) {
            fields.note(field, "a rate is from 0 to 1");
        }
    }
    for (field, ms) in [("faults.latency_ms", faults.latency_ms), ("faults.jitter_ms", faults.jitter_ms)] {
        if ms > LONGEST_MS {
            fields.note(field, format!("at most {LONGEST_MS} ms"));
        }
    }
    if system.refusal().is_none() && settings.refuse_rate > 0.0 {
        fields.note("refuse_rate", format!("{system} refuses nothing"));
    }
}

/// How a request is answered that was not answered before: by its script, by chance, or as most are.
#[must_use]
pub fn behaviour(system: System, settings: &Settings, script: Option<Behaviour>, key: &str) -> Behaviour {
    let unlucky = || chance(system, settings, key, 0).next_fraction() < settings.refuse_rate;
    match (script, system.refusal()) {
        (Some(script), _) => script,
        (None, Some(refusal)) if unlucky() => refusal,
        (None, _) => settings.default,
    }
}

/// What goes into the ledger; `None` for a request that is held.
#[must_use]
pub const fn outcome(behaviour: Behaviour) -> Option<Outcome> {
    match behaviour {
        Behaviour::Accept => Some(Outcome::Accepted),
        Behaviour::Refuse => Some(Outcome::Refused),
        Behaviour::Decline => Some(Outcome::Declined),
        Behaviour::SoftDecline => Some(Outcome::SoftDeclined),
        Behaviour::Hold => None,
    }
}

/// What goes wrong with one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trouble {
    /// How long it waits before it is done.
    pub delay: Duration,
    /// What becomes of it, if not what should.
    pub failure: Option<Failure>,
}

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nobody is there.
    Down,
    /// It fails, and nothing is done.
    NotDone,
    /// It is done, and nobody hears of it.
    AnswerLost,
}

/// Whether calls fail by chance, so that they have to be counted: a call repeated must not fail for ever.
#[must_use]
pub fn fail_by_chance(settings: &Settings) -> bool {
    settings.faults.error_rate > 0.0 || settings.faults.drop_rate > 0.0
}

/// Whether nothing can go wrong on the way, whoever calls.
#[must_use]
pub fn is_quiet(settings: &Settings) -> bool {
    let faults = &settings.faults;
    !faults.down && faults.latency_ms == 0 && faults.jitter_ms == 0 && !fail_by_chance(settings)
}

/// What goes wrong with the `nth` call under this key, counted from 1.
#[must_use]
pub fn trouble(system: System, settings: &Settings, key: &str, nth: u64) -> Trouble {
    let faults = &settings.faults;
    let chance = chance(system, settings, key, nth);
    // Always drawn in this order, so that changing one rate leaves the others' luck as it was.
    let (jitter, error, lost) = (chance.next_fraction(), chance.next_fraction(), chance.next_fraction());
    let failure = if faults.down {
        Some(Failure::Down)
    } else if error < faults.error_rate {
        Some(Failure::NotDone)
    } else if lost < faults.drop_rate {
        Some(Failure::AnswerLost)
    } else {
        None
    };
    let delay =
        Duration::from_millis(faults.latency_ms) + Duration::from_millis(faults.jitter_ms).mul_f64(jitter);
    Trouble { delay, failure }
}

/// The same luck for the same seed, system, key and `nth`.
fn chance(system: System, settings: &Settings, key: &str, nth: u64) -> Random {
    let namespace = Uuid::from_u64_pair(settings.seed, nth);
    let hash = Uuid::new_v5(&namespace, format!("{system}/{key}").as_bytes());
    Random::seeded(hash.as_u64_pair().0)
}

#[cfg(test)]
mod tests;
