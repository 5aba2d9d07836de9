//! Puts what several services did into causal order.
//!
//! A service's steps stay in its own order, which its store's clock and its commits made. Between services the ids of causes
//! decide: a message is handled after it was sent, a call received after it was made, an answer taken in after the callee did
//! what it answers. Time decides only where neither came from the other, since clocks differ.

use std::collections::HashMap;

use contracts::timeline::{Entry, Kind, Step};
use uuid::Uuid;

/// Where a step is: of which service, and the how manieth of its steps.
type Place = (usize, usize);

/// The steps of all services in one order, each with the step of another service that it follows from.
pub(super) fn ordered(services: Vec<Vec<Step>>) -> Vec<Entry> {
    let causes = Causes::of(&services);
    let mut next = vec![0; services.len()];
    let mut order = Vec::new();
    loop {
        let heads = || (0..services.len()).filter(|service| next[*service] < services[*service].len());
        let at = |service: &usize| services[*service][next[*service]].entry.at;
        let free = |service: &usize| {
            let (before, answered) = causes.of_step((*service, next[*service]));
            before.into_iter().chain(answered).all(|(other, index)| next[other] > index)
        };
        // Causes that go round in a circle are no causes: then time decides.
        let first = heads().filter(free).min_by_key(at).or_else(|| heads().min_by_key(at));
        let Some(service) = first else { break };
        order.push((service, next[service]));
        next[service] += 1;
    }
    order.into_iter().map(|place| told(&services, &causes, place)).collect()
}

/// Which steps come before which of other services.
struct Causes {
    /// The step that one follows from.
    follows: HashMap<Place, Place>,
    /// The last of the transaction elsewhere that one takes the answer of in.
    answers: HashMap<Place, Place>,
}

impl Causes {
    fn of(services: &[Vec<Step>]) -> Self {
        let places = || {
            let of_service =
                |(service, steps): (usize, &Vec<Step>)| (0..steps.len()).map(move |index| (service, index));
            services.iter().enumerate().flat_map(of_service)
        };
        let step = |(service, index): Place| &services[service][index];
        let (mut linked, mut made): (HashMap<Uuid, Place>, HashMap<Uuid, Vec<Place>>) = Default::default();
        let mut received: HashMap<Uuid, Vec<Place>> = HashMap::new();
        for place in places() {
            let Step { entry, link, follows, .. } = step(place);
            match link {
                Some(link) if entry.kind == Kind::Call => made.entry(*link).or_default().push(place),
                // A decision to ask and the message by which it is asked may have one id: they are one step after the other.
                Some(link) => _ = linked.entry(*link).or_insert(place),
                None => {}
            }
            if let Some(cause) = follows {
                received.entry(*cause).or_default().push(place);
            }
        }
        let answers = places().filter_map(|place| {
            let done = received.get(&step(place).answers?)?.iter().find(|(service, _)| *service != place.0);
            Some((place, end_of_transaction(services, *done?)))
        });
        let answers = answers.collect();
        let mut follows = HashMap::new();
        for (cause, received) in &received {
            let made = made.get(cause).map_or(&[][..], Vec::as_slice);
            // Of calls that were repeated some never arrived, and of a caller that was killed some were never told: the
            // last one that arrived was the last that was made, and so on backwards.
            for (back, place) in received.iter().rev().enumerate() {
                let call = made.len().checked_sub(back + 1).map(|index| made[index]);
                follows.extend(call.or_else(|| linked.get(cause).copied()).map(|cause| (*place, cause)));
            }
        }
        Self { follows, answers }
    }

    fn of_step(&self, place: Place) -> (Option<Place>, Option<Place>) {
        (self.follows.get(&place).copied(), self.answers.get(&place).copied())
    }
}

/// The last step of the transaction that a step begins: what a transaction did, it did at one time.
fn end_of_transaction(services: &[Vec<Step>], (service, index): Place) -> Place {
    let steps = &services[service];
    let rest = steps[index..].iter().take_while(|step| step.entry.at == steps[index].entry.at);
    (service, index + rest.count() - 1)
}

/// A step as it is told: with what it follows from, how long its message took, and what it made of the order.
fn told(services: &[Vec<Step>], causes: &Causes, place: Place) -> Entry {
    let mut entry = services[place.0][place.1].entry.clone();
    if let Some(&(service, index)) = causes.follows.get(&place) {
        let cause = &services[service][index].entry;
        entry.caused_by = Some(cause.id.clone());
        entry.peer.get_or_insert_with(|| cause.service.clone());
        if entry.kind == Kind::Message {
            entry.took_us = u64::try_from(entry.at.micros() - cause.at.micros()).ok();
        }
    }
    if entry.kind == Kind::Event {
        entry.outcome = entry.name.strip_prefix("order.").and_then(status).map(str::to_owned);
    }
    entry
}

/// The status that an order's event brings it to.
fn status(event: &str) -> Option<&'static str> {
    Some(match event {
        "created" => "OPEN",
        "placed" => "PENDING",
        "credit_confirmed" => "CREDIT_CONFIRMED",
        "approved" => "APPROVED",
        "cancel_started" => "CANCEL_PENDING",
        "shipped" => "SHIPPED",
        "completed" => "COMPLETED",
        "rejected" => "REJECTED",
        "cancelled" => "CANCELLED",
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
