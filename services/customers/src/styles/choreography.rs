//! What the styles without anybody in charge have in common: the service reacts to what others report, as its
//! [policies](crate::policies) say, and reports what came of it.

use ::choreography::{Facts, Needs, Policy, Reacts, Reporter};
use contracts::{OrderId, customers::Reply};
use database::Transaction;
use journal::Cause;
use messaging::HandlerError;

use super::failed;
use crate::{
    application::Application,
    policies::{POLICIES, Reaction},
};

/// Does what its policies say, and reports it.
#[derive(Clone, Debug)]
pub struct Participant {
    /// What is asked of the service.
    pub application: Application,
    /// How it says what came of it.
    pub reporter: Reporter<Reply>,
}

impl Reacts for Participant {
    type Reaction = Reaction;

    fn policies(&self) -> &'static [Policy<Reaction>] {
        POLICIES
    }

    fn needs(&self, reaction: Reaction) -> Needs {
        reaction.needs()
    }

    async fn react(
        &self,
        tx: &mut Transaction,
        order: OrderId,
        reaction: Reaction,
        facts: &Facts,
        _cause: &Cause,
    ) -> Result<(), HandlerError> {
        let Some(command) = reaction.command(facts.order()?) else { return Ok(()) };
        let reply = self.application.handle(tx, &command).await.map_err(failed)?;
        Ok(self.reporter.report(tx, order, &reply).await?)
    }
}
