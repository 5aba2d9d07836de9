//! What the styles without anybody in charge have in common: what orders would ask of the service its
//! [policies](crate::policies) ask, and what it would answer them it reports.

use ::choreography::{Participant, Policy, Topics};
use contracts::{
    shipping::{Command, Reply},
    topics::{SHIPPING_COMMANDS, SHIPPING_EVENTS, SHIPPING_REPORTS},
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
        Topics { commands: SHIPPING_COMMANDS, events: SHIPPING_EVENTS, reports: SHIPPING_REPORTS };

    async fn carry_out(
        &self,
        tx: &mut Transaction,
        command: &Command,
        cause: &Cause,
    ) -> Result<Option<Reply>, HandlerError> {
        self.handle(tx, command, cause).await.map_err(failed)
    }
}
