//! The simulators, told how to answer for one order, and watched for the calls that they hold.

use std::{
    collections::{BTreeSet, HashSet},
    time::Duration,
};

use contracts::{
    Reference,
    outside::simulators::{Behaviour, ChangeSettings},
};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep},
};

use super::plan::Outside;
use crate::remote::{Admin, App, Error};

/// For how long what was read of a simulator is good for all that wait for a call: it bounds how often one is asked, however
/// many wait.
const GOOD_FOR: Duration = Duration::from_millis(20);

/// The simulators of the styles in question.
#[derive(Debug)]
pub(crate) struct Scripts {
    admin: Admin,
    simulators: Vec<App>,
    carrier: Mutex<Calls>,
    payment: Mutex<Calls>,
}

/// The calls that are held, when they were read last.
#[derive(Debug, Default)]
struct Calls {
    read: Option<Instant>,
    held: HashSet<Reference>,
}

impl Scripts {
    pub(crate) fn new(admin: Admin, simulators: Vec<App>) -> Self {
        Self { admin, simulators, carrier: Mutex::default(), payment: Mutex::default() }
    }

    /// Has calls about this order answered like this from now on, and those that are held by now.
    ///
    /// # Errors
    /// A simulator does not do as told.
    pub(super) async fn set(
        &self,
        outside: Outside,
        reference: &Reference,
        behaviour: Behaviour,
    ) -> Result<(), Error> {
        let scripts = [(reference.clone(), Some(behaviour))].into();
        let change = ChangeSettings { scripts, ..ChangeSettings::default() };
        for app in &self.simulators {
            self.admin.set_simulator(app, outside.name(), &change).await?;
        }
        Ok(())
    }

    /// Has calls about this order answered as if it had never had a script.
    ///
    /// # Errors
    /// A simulator does not do as told.
    pub(crate) async fn forget(&self, reference: &Reference) -> Result<(), Error> {
        self.take_away([reference.clone()].into()).await
    }

    /// The same for all orders whose names begin so, among the thousand scripts of a simulator that were set last.
    ///
    /// # Errors
    /// A simulator does not do as told.
    pub(crate) async fn forget_all(&self, prefix: &str) -> Result<(), Error> {
        let mut references = BTreeSet::new();
        for app in &self.simulators {
            for outside in Outside::ALL {
                let scripts = self.admin.simulator(app, outside.name()).await?.scripts;
                references.extend(scripts.into_keys().filter(|it| it.as_str().starts_with(prefix)));
            }
        }
        if references.is_empty() { Ok(()) } else { self.take_away(references).await }
    }

    async fn take_away(&self, references: BTreeSet<Reference>) -> Result<(), Error> {
        let scripts = references.into_iter().map(|reference| (reference, None)).collect();
        let change = ChangeSettings { scripts, ..ChangeSettings::default() };
        for app in &self.simulators {
            for outside in Outside::ALL {
                self.admin.set_simulator(app, outside.name(), &change).await?;
            }
        }
        Ok(())
    }

    /// Waits until a call about this order is held, for ever if none is. Cancel safe.
    ///
    /// # Errors
    /// A simulator does not tell.
    pub(super) async fn until_held(&self, outside: Outside, reference: &Reference) -> Result<(), Error> {
        while !self.is_held(outside, reference).await? {
            sleep(GOOD_FOR).await;
        }
        Ok(())
    }

    async fn is_held(&self, outside: Outside, reference: &Reference) -> Result<bool, Error> {
        let calls = match outside {
            Outside::Carrier => &self.carrier,
            Outside::Payment => &self.payment,
        };
        let mut calls = calls.lock().await;
        if calls.read.is_none_or(|read| read.elapsed() >= GOOD_FOR) {
            let mut held = HashSet::new();
            for app in &self.simulators {
                let simulator = self.admin.simulator(app, outside.name()).await?;
                held.extend(simulator.held.into_iter().filter_map(|call| call.reference));
            }
            *calls = Calls { read: Some(Instant::now()), held };
        }
        Ok(calls.held.contains(reference))
    }
}
