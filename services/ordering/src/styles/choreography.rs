//! What the styles without anybody in charge have in common: ordering tells orders what the others report, as its
//! [policies](crate::policies) say.

use std::sync::Arc;

use ::choreography::{Facts, Needs, Policy, Reacts};
use contracts::OrderId;
use database::Transaction;
use journal::Cause;
use messaging::HandlerError;

use super::failed;
use crate::{
    application::Application,
    policies::{NEEDS, POLICIES},
    process::{self, Reply},
};

/// Tells orders what the others report.
#[derive(Clone, Debug)]
pub struct Participant {
    /// What can be done with orders.
    pub application: Arc<Application>,
}

impl Reacts for Participant {
    /// Whose report it is that the order is told.
    type Reaction = process::Participant;

    fn policies(&self) -> &'static [Policy<process::Participant>] {
        POLICIES
    }

    fn needs(&self, _reporter: process::Participant) -> Needs {
        NEEDS
    }

    async fn react(
        &self,
        tx: &mut Transaction,
        order: OrderId,
        reporter: process::Participant,
        facts: &Facts,
        _cause: &Cause,
    ) -> Result<(), HandlerError> {
        let reply = Reply::read(reporter, facts.report()?.as_bytes()).map_err(HandlerError::malformed)?;
        self.application.receive(tx, order, &reply).await.map_err(failed)
    }
}
