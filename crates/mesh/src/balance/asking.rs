//! A call that looks for an endpoint: it asks one, and if that is not ready at once another, and takes whichever is ready first.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use tower_service::Service;

use super::{
    Call,
    choices::Gate,
    member::{Held, Member},
    pool::Pool,
};
use crate::{
    Refused, Why, circuit_breaker,
    clock::{Clock, Moment},
};

/// How many endpoints are chosen for a call at most: two to ask, and another one where a breaker has opened meanwhile.
const CHOICES: u8 = 3;

#[derive(Debug)]
pub(super) struct Asking<S, C> {
    pool: Arc<Pool<S, C>>,
    session: Option<u64>,
    asked: [Option<Asked<S, C>>; 2],
    choices: u8,
    refused: Option<Refused>,
}

/// An endpoint with a clone of its service, which is the one that is polled and then called.
#[derive(Debug)]
struct Asked<S, C> {
    held: Held<S, C>,
    service: S,
    since: Moment,
    waited: bool,
}

/// How the search has ended.
pub(super) enum Found<S, C: Clock, E> {
    /// This one is ready, and its breaker lets the call through.
    Ready(S, Call<S, C>),
    /// This one failed when it was asked.
    Broken(E, Option<Call<S, C>>),
    Refused(Refused),
}

impl<S: Clone, C: Clock> Asking<S, C> {
    pub(super) fn new(pool: Arc<Pool<S, C>>, session: Option<u64>) -> Self {
        Self { pool, session, asked: [None, None], choices: CHOICES, refused: None }
    }

    pub(super) fn poll<Request>(&mut self, context: &mut Context<'_>) -> Poll<Found<S, C, S::Error>>
    where
        S: Service<Request>,
    {
        let mut from = 0;
        loop {
            for slot in from..self.asked.len() {
                let Some(asked) = &mut self.asked[slot] else { continue };
                let polled = asked.service.poll_ready(context);
                asked.waited |= polled.is_pending();
                let Poll::Ready(ready) = polled else { continue };
                let Some(asked) = self.asked[slot].take() else { continue };
                match (ready, admit(&asked.held.0)) {
                    (Ok(()), Ok(gate)) => {
                        let (service, call) = self.begin(asked, gate);
                        return Poll::Ready(Found::Ready(service, call));
                    }
                    (Err(error), Ok(gate)) => {
                        let (_, call) = self.begin(asked, gate);
                        return Poll::Ready(Found::Broken(error, Some(call)));
                    }
                    (Err(error), Err(_)) => return Poll::Ready(Found::Broken(error, None)),
                    (Ok(()), Err(refused)) => self.refused = Some(refused),
                }
            }
            match self.choose() {
                // Those that were asked before have this task's waker already.
                Some(slot) => from = slot,
                None if self.asked.iter().any(Option::is_some) => return Poll::Pending,
                None => return Poll::Ready(Found::Refused(self.refused.take().unwrap_or(OPEN))),
            }
        }
    }

    /// Chooses one more, if there is any worth asking; which place it has.
    fn choose(&mut self) -> Option<usize> {
        let slot = self.asked.iter().position(Option::is_none)?;
        let other = self.asked[1 - slot].as_ref().map(|asked| &asked.held.0);
        // A session waits for the endpoint that it belongs to.
        if self.choices == 0 || (self.session.is_some() && other.is_some()) {
            return None;
        }
        self.choices -= 1;
        let now = self.pool.clock.now();
        match self.pool.pick(now, self.session, other) {
            Ok(member) if other.is_some_and(|other| Arc::ptr_eq(other, &member)) => None,
            Ok(member) => {
                let asked =
                    Asked { service: member.service.clone(), held: member.hold(), since: now, waited: false };
                self.asked[slot] = Some(asked);
                Some(slot)
            }
            Err(refused) => {
                self.refused = Some(refused);
                None
            }
        }
    }

    /// The call begins; one that had to wait begins now.
    fn begin(&self, asked: Asked<S, C>, gate: Option<circuit_breaker::Call<C>>) -> (S, Call<S, C>) {
        let started = if asked.waited { self.pool.clock.now() } else { asked.since };
        (asked.service, Call::new(Arc::clone(&self.pool), asked.held, gate, started))
    }
}

const OPEN: Refused = Refused::new(Why::CircuitOpen, None);

/// A lease of the breaker, if there is one.
fn admit<S, C: Clock>(member: &Arc<Member<S, C>>) -> Result<Option<circuit_breaker::Call<C>>, Refused> {
    let Some(breaker) = &member.breaker else { return Ok(None) };
    breaker.admit().map(Some).map_err(|wait| Refused::new(Why::CircuitOpen, wait.or(member.next_probe())))
}
