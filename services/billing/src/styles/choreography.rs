//! What the styles without anybody in charge have in common: what orders would ask of the service its
//! [policies](crate::policies) ask, and what it would answer them it reports.

use ::choreography::{Participant, Policy, Topics};
use contracts::{
    billing::{Command, Reply},
    topics::{BILLING_COMMANDS, BILLING_EVENTS, BILLING_REPORTS},
};
use database::Transaction;
use journal::Cause;
use messaging::HandlerError;

use super::failed;
use crate::{
    application::Application,
    policies::{POLICIES, Reaction},
};

impl Participant for Application {
    type Reaction = Reaction;
    type Reply = Reply;

    const POLICIES: &'static [Policy<Reaction>] = POLICIES;
    const TOPICS: Topics =
        Topics { commands: BILLING_COMMANDS, events: BILLING_EVENTS, reports: BILLING_REPORTS };

    async fn carry_out(
        &self,
        tx: &mut Transaction,
        command: &Command,
        cause: &Cause,
    ) -> Result<Option<Reply>, HandlerError> {
        self.handle(tx, command, cause).await.map_err(failed)
    }
}
