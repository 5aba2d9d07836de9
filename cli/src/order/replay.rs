//! A workload run by a program, which wants to know what the file's names stand for in the system.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use chassis::ids::Random;
use contracts::{CustomerId, OrderId, style::Style};
use tokio::time::Instant;

use super::{
    Names, Observer, Problem, Runner,
    run::{self, System},
    scripts::Scripts,
};
use crate::{
    audit::simulators_of,
    failure::Failure,
    remote::{Admin, App, Gateway},
    workload::{Key, Run, Workload},
};

/// How long to wait for a system that is being started.
const PAUSE: Duration = Duration::from_millis(100);

/// Where a workload is run, and how.
#[derive(Clone, Debug)]
pub struct Replay {
    /// Where clients reach the system.
    pub gateway: Gateway,
    /// Where operators do.
    pub admin: Admin,
    /// In which style.
    pub style: Style,
    /// How many lines are worked on at a time, at least 1.
    pub concurrency: usize,
    /// How long an order may take to its outcome, the system to come to rest at a barrier, and either to answer at all.
    pub patience: Duration,
}

/// What a workload has become.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// What its names begin with in the system.
    pub run: Run,
    /// The customers that were registered.
    pub customers: BTreeMap<Key, CustomerId>,
    /// The orders that were begun.
    pub orders: BTreeMap<String, OrderId>,
    /// What was not as the file expects, by line.
    pub problems: Vec<Problem>,
}

/// Nobody wants to know on the way.
struct Silent;

impl Observer for Silent {
    fn status(&self, _: &contracts::ordering::StatusChange, _: Duration) {}
    fn unpaid(&self, _: Duration) {}
    fn done(&self) {}
}

impl Replay {
    /// Runs a workload, whose names begin with those of `run`. It waits for a system that is away.
    ///
    /// # Errors
    /// The admin port does not answer within the patience.
    pub async fn run(&self, workload: &Workload, run: Run, random: &Random) -> Result<Replayed, Failure> {
        let admin = self.admin.patient(self.patience);
        let apps = self.apps(&admin).await?;
        let simulators = simulators_of(&apps, self.style).into_iter().cloned().collect();
        let runner = Runner {
            api: self.gateway.api(Some(self.style), random, self.patience),
            names: Names::new(run.clone(), workload),
            run: run.clone(),
            scripts: Some(Scripts::new(admin.clone(), simulators)),
            system: Some(System { admin, apps, styles: vec![self.style] }),
            concurrency: self.concurrency,
            patience: self.patience,
            observer: &Silent,
        };
        let summary = run::run(&runner, workload).await;
        let customers = runner.names.registered_customers();
        Ok(Replayed { run, customers, orders: summary.begun, problems: summary.problems })
    }

    async fn apps(&self, admin: &Admin) -> Result<BTreeSet<App>, Failure> {
        let give_up = Instant::now() + self.patience;
        loop {
            match admin.apps().await {
                Ok(apps) => return Ok(apps),
                Err(error) if Instant::now() >= give_up => return Err(error.into()),
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }
}
