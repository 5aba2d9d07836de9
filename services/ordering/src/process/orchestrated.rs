//! Ordering decides what is to be done next: its saga asks one participant after the other, and turns round when one
//! refuses.

use chassis::trace;
use contracts::{Contact, OrderId, ordering::Reason};
use database::Transaction;
use journal::{Cause, Origin};
use saga::{Advanced, Definition, Input, Instance, Move, Phase, Runner, StepState, Told};

use super::{Addressed, PlaceOrder, Reply, Step, meaning, request};
use crate::{
    book::Book,
    domain::{Order, Outcome},
    error::Error,
};

/// What follows is decided by a saga, kept beside the order.
#[derive(Debug)]
pub struct Orchestrated {
    saga: Runner<PlaceOrder>,
}

impl Orchestrated {
    /// By sagas that `saga` moves on.
    #[must_use]
    pub const fn by(saga: Runner<PlaceOrder>) -> Self {
        Self { saga }
    }

    /// The saga begins.
    pub(super) async fn placed(
        &self,
        tx: &mut Transaction,
        id: OrderId,
        order: &Order,
        traceparent: Option<String>,
    ) -> Result<(), Error> {
        let told = Told { input: Input::Start, traceparent, memory: None };
        self.advance(tx, id, order, told).await?;
        Ok(())
    }

    /// The saga turns round.
    pub(super) async fn cancelled(
        &self,
        tx: &mut Transaction,
        id: OrderId,
        order: &Order,
    ) -> Result<(), Error> {
        self.advance(tx, id, order, Input::Abort.into()).await?;
        Ok(())
    }

    /// The order and the saga are told, each what the answer means to it; once everything is undone, the order is told
    /// that, too.
    pub(super) async fn replied(
        &self,
        tx: &mut Transaction,
        book: &Book,
        id: OrderId,
        reply: &Reply,
    ) -> Result<(), Error> {
        let meaning = meaning(reply);
        let reported = match meaning.outcome {
            Some(outcome) => Some(book.report(tx, id, outcome).await?),
            None => None,
        };
        let Some(input) = meaning.input else { return Ok(()) };
        let order = match reported {
            Some(order) => order,
            None => book.load(tx, id).await?,
        };
        let memory = meaning.contact.as_ref().and_then(|contact| serde_json::to_string(contact).ok());
        let advanced = self.advance(tx, id, &order.state, Told { input, traceparent: None, memory }).await?;
        if advanced.became(Phase::Unwound) && !order.state.status.is_final() {
            let because = unwound_for(&advanced.instance);
            book.report(tx, id, Outcome::CreditReleased { because }).await?;
        }
        Ok(())
    }

    async fn advance(
        &self,
        tx: &mut Transaction,
        id: OrderId,
        order: &Order,
        told: Told<Step>,
    ) -> Result<Advanced<PlaceOrder>, saga::Error> {
        let actor = journal::cause(tx).and_then(|cause| cause.actor.clone());
        let ask = |this: Move<Step>, instance: &Instance<PlaceOrder>| {
            let contact =
                instance.memory.as_deref().and_then(|memory| serde_json::from_str::<Contact>(memory).ok());
            let request = request(id, order, contact.as_ref(), this)?;
            let name = saga::move_name::<PlaceOrder>(this);
            let cause = Cause {
                subject: Some(id.uuid()),
                id: Some(saga::ask_id(PlaceOrder::NAME, id.uuid(), &name)),
                actor: actor.clone(),
                traceparent: instance.traceparent.clone(),
                origin: Origin::Unknown,
            };
            let addressed = Addressed { name, request, cause };
            serde_json::to_string(&addressed).ok()
        };
        let advanced = self.saga.advance(tx, id.uuid(), told, ask).await?;
        // Whoever moves the order on from another trace, to cancel it say, has a part in that of the order.
        if let Some(traceparent) = &advanced.instance.traceparent {
            trace::link(traceparent);
        }
        Ok(advanced)
    }
}

/// What started the undoing, if it was no wish to cancel: stock that was refused.
fn unwound_for(saga: &Instance<PlaceOrder>) -> Option<Reason> {
    (saga.progress.step(Step::ReserveStock) == Some(StepState::Refused)).then_some(Reason::OutOfStock)
}
