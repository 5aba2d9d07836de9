//! `rest`: a participant is called over HTTP and answers in the response; what it answers later it posts.

use std::time::Duration;

use axum::http::StatusCode;
use chassis::{
    cause,
    client::{Call, Error, HttpClient, Response},
    ids::Random,
    problem::chain,
};
use contracts::OrderId;
use database::Transaction;
use journal::Entry;
use saga::tasks::Failure;

use super::{
    SOURCE,
    call::{Asked, Participants, Question},
};
use crate::{
    config::Endpoints,
    process::{Participant, Reply},
};

/// A participant is called when its task is done, which is at once; with the decision nothing more is written.
#[derive(Clone, Debug)]
pub struct ByCall {
    /// What calls are made with.
    pub client: HttpClient,
    /// Where they go.
    pub endpoints: Endpoints,
    /// How long a participant may take to answer before the call is repeated.
    pub timeout: Duration,
    /// How long to wait for an answer that comes later, before asking again.
    pub patience: Duration,
    /// Makes the trace of a call that belongs to none.
    pub random: Random,
}

impl Participants for ByCall {
    async fn decided(&self, _: &mut Transaction, _: OrderId, _: &str) -> Result<Duration, database::Error> {
        Ok(Duration::ZERO)
    }

    async fn ask(&self, question: &Question<'_>, calls: &mut Vec<Entry>) -> Asked {
        let participant = question.addressed.request.participant();
        match self.call(question, calls).await {
            Ok(response) => self.answer(participant, &response),
            // For those outside without the participant's address.
            Err(error) => {
                let why = format!("{participant:?} did not answer: {}", error.kind());
                Asked::Failed(Failure::new(why, chain(&error)))
            }
        }
    }
}

impl ByCall {
    async fn call(&self, question: &Question<'_>, calls: &mut Vec<Entry>) -> Result<Response, Error> {
        let Question { order, cause, addressed, .. } = question;
        let (participant, route) = (addressed.request.participant(), addressed.request.route());
        let url = format!("{}{}", self.endpoints.of(participant), route.path_of(*order));
        let context = cause::context(cause, SOURCE, &self.random);
        let call = Call::new(route.method, url).to(participant.name()).for_context(&context);
        let call = cause.id.into_iter().fold(call.within(self.timeout), Call::caused_by);
        let call = call.json(&addressed.request.command())?;
        let (answered, noted) = self.client.send_noted(call, route.name).await;
        calls.push(noted);
        answered
    }

    fn answer(&self, from: Participant, response: &Response) -> Asked {
        match response.status {
            StatusCode::ACCEPTED => Asked::Later(self.patience),
            status if status.is_success() => match Reply::read(from, &response.body) {
                Ok(reply) => Asked::Replied(reply),
                Err(error) => {
                    let why = format!("{from:?} answered something that is no reply");
                    Asked::Failed(Failure::new(why, chain(&error)))
                }
            },
            status => {
                let why = format!("{from:?} answered {status}");
                Asked::Failed(Failure::new(why.clone(), why))
            }
        }
    }
}
