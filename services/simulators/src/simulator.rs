//! One simulator: what happens to a request, from the faults on its way to the answer that is kept for ever.

use std::time::Duration;

use chassis::{
    changes::{Changes, POLL_EVERY},
    context::Context,
    shutdown::Drain,
};
use contracts::{
    OrderId, Reference,
    outside::simulators::{self, ChangeSettings, Entry, Settings},
};
use database::{Database, Transaction};
use tokio::time::{Instant, sleep, sleep_until};

use crate::{
    error::Error,
    held::HeldRequests,
    ledger::{self, Call},
    scripts,
    settings::{self, Failure, System, Trouble},
};

/// The longest that a request is held whose client names no deadline.
const LONGEST_HOLD: Duration = Duration::from_secs(600);

/// A simulator of one system. Clones share it.
#[derive(Clone, Debug)]
pub struct Simulator {
    system: System,
    store: Database,
    changes: Changes,
    held: HeldRequests,
    drain: Drain,
}

/// The three of them.
#[derive(Clone, Debug)]
pub struct Simulators {
    /// Takes money.
    pub payment: Simulator,
    /// Carries goods.
    pub carrier: Simulator,
    /// Sends mail.
    pub mail: Simulator,
}

impl Simulators {
    /// All three over one store.
    #[must_use]
    pub fn new(store: &Database, drain: &Drain) -> Self {
        let simulator = |system| Simulator::new(system, store.clone(), drain.clone());
        Self {
            payment: simulator(System::Payment),
            carrier: simulator(System::Carrier),
            mail: simulator(System::Mail),
        }
    }

    /// How many requests are kept unanswered at this moment.
    #[must_use]
    pub fn held(&self) -> u64 {
        [&self.payment, &self.carrier, &self.mail].iter().map(|it| it.held.count()).sum()
    }

    /// The simulator of one system.
    #[must_use]
    pub const fn of(&self, system: System) -> &Simulator {
        match system {
            System::Payment => &self.payment,
            System::Carrier => &self.carrier,
            System::Mail => &self.mail,
        }
    }
}

/// What the store says about a request.
enum Decision {
    Answered(Entry),
    Hold,
}

impl Simulator {
    /// A simulator over a store that has its tables. `drain` ends the requests that are held.
    #[must_use]
    pub fn new(system: System, store: Database, drain: Drain) -> Self {
        Self { system, store, changes: Changes::new(), held: HeldRequests::default(), drain }
    }

    /// Answers a request, unless the settings have it fail on the way. Cancel safe: it is answered for good, or not at
    /// all, and the same key tells.
    ///
    /// # Errors
    /// The fault that was set; [`Error::KeyReused`]; [`Error::Held`] and [`Error::Stopping`] for a request that was held
    /// to the end; those of the store.
    pub async fn answer(&self, call: Call, context: &Context) -> Result<Entry, Error> {
        // Mostly nothing is set to go wrong, and what is asked is decided where that is seen.
        if let Some(Decision::Answered(entry)) = self.decide_if_quiet(&call).await? {
            return Ok(entry);
        }
        let Trouble { delay, failure } = self.trouble(&call.key).await?;
        if failure == Some(Failure::Down) {
            return Err(Error::Down);
        }
        if !delay.is_zero() {
            sleep(delay).await;
        }
        if failure == Some(Failure::NotDone) {
            return Err(Error::NotDone);
        }
        let entry = self.decided(&call, context.deadline_within(LONGEST_HOLD)).await?;
        if failure == Some(Failure::AnswerLost) {
            return Err(Error::AnswerLost);
        }
        Ok(entry)
    }

    /// Changes what this simulator is set to; requests that are held go on by it at once.
    ///
    /// # Errors
    /// [`Error::Settings`] with every wrong field; those of the store.
    pub async fn change(&self, change: ChangeSettings) -> Result<simulators::Simulator, Error> {
        let (system, changes) = (self.system, self.changes.clone());
        let write = async move |tx: &mut Transaction| {
            let before = scripts::settings(tx, system).await?;
            let after = settings::changed(system, &before, &change).map_err(Error::Settings)?;
            if after != before {
                scripts::set(tx, system, &after).await?;
            }
            scripts::set_scripts(tx, system, &change.scripts).await?;
            let (changes, change) = (changes.clone(), change.clone());
            tx.after_commit(move || wake(&changes, &change));
            Ok::<_, Error>(())
        };
        self.store.write(write).await?;
        self.show().await
    }

    /// The simulator as it is now.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn show(&self) -> Result<simulators::Simulator, Error> {
        let system = self.system;
        let read = async move |tx: &mut Transaction| {
            Ok::<_, Error>((scripts::settings(tx, system).await?, scripts::latest(tx, system).await?))
        };
        let (settings, (scripts, scripts_total)) = self.store.read(read).await?;
        Ok(simulators::Simulator { settings, scripts, scripts_total, held: self.held.list() })
    }

    /// Up to `limit` entries of the ledger after this position, the oldest first.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn ledger(&self, after: u64, limit: u64) -> Result<Vec<Entry>, Error> {
        let system = self.system;
        self.store.read(async move |tx: &mut Transaction| ledger::page(tx, system, after, limit).await).await
    }

    /// Up to `limit` entries of the ledger about an order, the oldest first.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn of_order(&self, order: OrderId, limit: u64) -> Result<Vec<Entry>, Error> {
        let system = self.system;
        self.store
            .read(async move |tx: &mut Transaction| ledger::of_order(tx, system, order, limit).await)
            .await
    }

    /// What goes wrong with this call. Calls are counted only while chance has a say.
    async fn trouble(&self, key: &str) -> Result<Trouble, Error> {
        let system = self.system;
        let read = async move |tx: &mut Transaction| scripts::settings(tx, system).await;
        let settings = self.store.read(read).await?;
        let nth = if settings::fail_by_chance(&settings) {
            let key = key.to_owned();
            self.store
                .write(async move |tx: &mut Transaction| ledger::count_call(tx, system, &key).await)
                .await?
        } else {
            1
        };
        Ok(settings::trouble(system, &settings, key, nth))
    }

    /// The answer, as soon as the request is not held (any more).
    async fn decided(&self, call: &Call, deadline: Instant) -> Result<Entry, Error> {
        // Before the first look, so that no change falls between the two.
        let mut changed = self.changes.subscribe(wake_key(call.reference.as_ref()));
        let mut listed = None;
        loop {
            match self.decide(call).await? {
                Decision::Answered(entry) => return Ok(entry),
                Decision::Hold => listed.get_or_insert_with(|| self.held.hold(call.into())),
            };
            tokio::select! {
                biased;
                () = changed.changed() => {}
                () = sleep(POLL_EVERY) => {}
                () = sleep_until(deadline) => return Err(Error::Held),
                () = self.drain.requested() => return Err(Error::Stopping),
            }
        }
    }

    /// As [`decide`](Self::decide), unless something is set to go wrong on the way.
    async fn decide_if_quiet(&self, call: &Call) -> Result<Option<Decision>, Error> {
        let (system, call) = (self.system, call.clone());
        let write = async move |tx: &mut Transaction| {
            let settings = scripts::settings(tx, system).await?;
            if !settings::is_quiet(&settings) {
                return Ok(None);
            }
            decide(tx, system, &settings, &call).await.map(Some)
        };
        self.store.write(write).await
    }

    async fn decide(&self, call: &Call) -> Result<Decision, Error> {
        let (system, call) = (self.system, call.clone());
        let write = async move |tx: &mut Transaction| {
            let settings = scripts::settings(tx, system).await?;
            decide(tx, system, &settings, &call).await
        };
        self.store.write(write).await
    }
}

/// What was answered to this key before; otherwise what the settings say, written down if it is an answer.
async fn decide(
    tx: &mut Transaction,
    system: System,
    settings: &Settings,
    call: &Call,
) -> Result<Decision, Error> {
    if let Some(entry) = ledger::find(tx, system, call).await? {
        return Ok(Decision::Answered(entry));
    }
    let script = match &call.reference {
        Some(reference) => scripts::script(tx, system, reference).await?,
        None => None,
    };
    let behaviour = settings::behaviour(system, settings, script, &call.key);
    match settings::outcome(behaviour) {
        Some(result) => ledger::record(tx, system, call, result).await.map(Decision::Answered),
        None => Ok(Decision::Hold),
    }
}

/// Has those held requests look again that the change may be about.
fn wake(changes: &Changes, change: &ChangeSettings) {
    if change.default.is_some() || change.refuse_rate.is_some() || change.seed.is_some() {
        changes.notify_all();
    }
    for reference in change.scripts.keys() {
        changes.notify(wake_key(Some(reference)));
    }
}

/// What a request of this reference listens to.
fn wake_key(reference: Option<&Reference>) -> String {
    reference.map_or_else(String::new, ToString::to_string)
}
