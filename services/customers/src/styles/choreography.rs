//! What the styles without anybody in charge have in common: what orders would ask of the service its
//! [policies](crate::policies) ask, and what it would answer them it reports.

use ::choreography::{Participant, Policy, Topics};
use contracts::{
    customers::{Command, Reply},
    topics::{CUSTOMERS_COMMANDS, CUSTOMERS_EVENTS, CUSTOMERS_REPORTS},
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
        Topics { commands: CUSTOMERS_COMMANDS, events: CUSTOMERS_EVENTS, reports: CUSTOMERS_REPORTS };

    async fn carry_out(
        &self,
        tx: &mut Transaction,
        command: &Command,
        _cause: &Cause,
    ) -> Result<Option<Reply>, HandlerError> {
        self.handle(tx, command).await.map(Some).map_err(failed)
    }
}
