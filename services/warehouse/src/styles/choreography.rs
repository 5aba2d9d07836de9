//! What the styles without anybody in charge have in common: what orders would ask of the service its
//! [policies](crate::policies) ask, and what it would answer them it reports.

use ::choreography::{Participant, Policy, Topics};
use contracts::{
    topics::{WAREHOUSE_COMMANDS, WAREHOUSE_EVENTS, WAREHOUSE_REPORTS},
    warehouse::{Command, Reply},
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
        Topics { commands: WAREHOUSE_COMMANDS, events: WAREHOUSE_EVENTS, reports: WAREHOUSE_REPORTS };

    async fn carry_out(
        &self,
        tx: &mut Transaction,
        command: &Command,
        _cause: &Cause,
    ) -> Result<Option<Reply>, HandlerError> {
        self.handle(tx, command).await.map(Some).map_err(failed)
    }
}
