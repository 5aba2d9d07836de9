//! The simulators, told how to answer for one order, and watched for the calls that they hold.

use std::{collections::HashSet, time::Duration};

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
pub(super) struct Scripts {
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
    pub(super) fn new(admin: Admin, simulators: Vec<App>) -> Self {
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
