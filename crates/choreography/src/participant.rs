//! A participant in orders: what an order asks of it where somebody is in charge, its policies ask where nobody is.

use contracts::OrderId;
use database::Transaction;
use journal::Cause;
use messaging::HandlerError;

use crate::{
    facts::{Facts, Needs},
    means::Topics,
    policy::Policy,
    reactor::Reacts,
    reports::{Report, Reporter},
};

/// What a service may do for an order: a command to itself.
pub trait Reaction: Copy + Send + Sync + 'static {
    /// What the service is asked.
    type Command: Send + Sync;

    /// What has to be known for it.
    fn needs(self) -> Needs;

    /// What the service is asked for this order; `None` if there is nothing to ask.
    ///
    /// # Errors
    /// [`HandlerError::Unavailable`] if something that it needs is not known yet.
    fn command(self, order: OrderId, facts: &Facts) -> Result<Option<Self::Command>, HandlerError>;
}

/// A service that does what it is asked for an order, whoever asks.
pub trait Participant: Clone + Send + Sync + 'static {
    /// What it may do.
    type Reaction: Reaction;
    /// What it says of it.
    type Reply: Report;

    /// What it does when.
    const POLICIES: &'static [Policy<Self::Reaction>];
    /// Where it is asked, and where it tells what happens.
    const TOPICS: Topics;

    /// Does what it is asked, because of what `cause` says, and answers; `None` if the answer comes late. A command that
    /// comes again has no other effect.
    ///
    /// # Errors
    /// [`HandlerError`] says what each leads to. The transaction is rolled back in every case.
    fn carry_out(
        &self,
        tx: &mut Transaction,
        command: &<Self::Reaction as Reaction>::Command,
        cause: &Cause,
    ) -> impl Future<Output = Result<Option<Self::Reply>, HandlerError>>;
}

/// Has a participant do what its policies say, and reports what came of it.
#[derive(Clone, Debug)]
pub struct ByPolicy<P: Participant> {
    /// Who takes part.
    pub participant: P,
    /// How it says what came of it.
    pub reporter: Reporter<P::Reply>,
}

impl<P: Participant> Reacts for ByPolicy<P> {
    type Reaction = P::Reaction;

    fn policies(&self) -> &'static [Policy<P::Reaction>] {
        P::POLICIES
    }

    fn needs(&self, reaction: P::Reaction) -> Needs {
        reaction.needs()
    }

    async fn react(
        &self,
        tx: &mut Transaction,
        order: OrderId,
        reaction: P::Reaction,
        facts: &Facts,
        cause: &Cause,
    ) -> Result<(), HandlerError> {
        let Some(command) = reaction.command(order, facts)? else { return Ok(()) };
        if let Some(reply) = self.participant.carry_out(tx, &command, cause).await? {
            self.reporter.report(tx, order, &reply).await?;
        }
        Ok(())
    }
}
