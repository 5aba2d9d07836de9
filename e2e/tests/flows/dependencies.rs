//! Who depends on whom, and where that goes round in circles.

use std::collections::{BTreeMap, BTreeSet};

use choreography::callbacks::Ask;
use contracts::{Style, topics};
use ordering::process::{PlaceOrder, Request, request};
use saga::{Definition as _, Direction, Move, Role};

use crate::{
    choreographed::asks,
    knowledge::{self, takes_long},
    services::{SERVICES, commands_topic, copies, owner, policies},
};

/// Of each service, of whom it depends and by what.
pub(crate) type Dependencies = BTreeMap<(&'static str, &'static str), BTreeSet<String>>;

/// How services depend on each other.
#[derive(Default)]
pub(crate) struct Graph {
    /// Who has to be there for somebody else to go on.
    pub(crate) calls: Dependencies,
    /// Who has to be understood, and may be away.
    pub(crate) hears: Dependencies,
}

impl Graph {
    pub(crate) fn of(style: Style) -> Self {
        let mut graph = Self::default();
        match style {
            Style::Rest => graph.rest(),
            Style::Messaging => graph.messaging(),
            Style::Notification => graph.notification(),
            Style::StateTransfer => graph.state_transfer(),
            Style::EventSourcing => graph.event_sourcing(),
        }
        graph
    }

    fn rest(&mut self) {
        self.calls("ordering", "warehouse", Ask::Product("TEA".parse().unwrap()).route());
        for request in requests() {
            let participant = request.participant().name();
            self.calls("ordering", participant, request.route().name);
            if takes_long(&request) {
                self.calls(participant, "ordering", "POST /internal/replies");
            }
        }
    }

    fn messaging(&mut self) {
        self.calls("ordering", "warehouse", topics::WAREHOUSE_QUOTES);
        for request in requests() {
            let participant = request.participant().name();
            self.hears(participant, "ordering", commands_topic(participant));
            self.hears("ordering", participant, topics::ORDERING_REPLIES);
        }
    }

    fn notification(&mut self) {
        self.policies();
        for policy in policies() {
            for ask in asks(policy.needs, owner(policy.on.topic)) {
                self.calls(policy.service, ask.owner(), ask.route());
            }
        }
        self.calls("ordering", "warehouse", Ask::Product("TEA".parse().unwrap()).route());
        for topic in ordering::styles::notification::DROPPED_ON {
            self.hears("ordering", owner(topic), topic);
        }
    }

    fn state_transfer(&mut self) {
        self.policies();
        for (service, topics) in copies() {
            for topic in topics {
                self.hears(service, owner(topic), topic);
            }
        }
    }

    fn event_sourcing(&mut self) {
        self.policies();
        let product = ("ordering", Ask::Product("TEA".parse().unwrap()));
        let facts = policies().into_iter().flat_map(|policy| {
            let asks = asks(policy.needs, owner(policy.on.topic));
            asks.into_iter().map(move |ask| (policy.service, ask))
        });
        for (service, ask) in facts.chain([product]) {
            self.hears(service, ask.owner(), streams(&ask));
        }
    }

    fn policies(&mut self) {
        for policy in policies() {
            self.hears(policy.service, owner(policy.on.topic), policy.on.kind);
        }
    }

    fn calls(&mut self, from: &'static str, to: &'static str, by: &str) {
        add(&mut self.calls, from, to, by);
    }

    fn hears(&mut self, from: &'static str, to: &'static str, by: &str) {
        add(&mut self.hears, from, to, by);
    }

    /// Whoever depends on itself by way of others, however.
    pub(crate) fn cycles(&self) -> Cycles {
        Cycles::among(&self.calls.keys().chain(self.hears.keys()).copied().collect())
    }

    /// The same of calls alone.
    pub(crate) fn cycles_of_calls(&self) -> Cycles {
        Cycles::among(&self.calls.keys().copied().collect())
    }
}

/// What is folded in place of asking.
const fn streams(ask: &Ask) -> &'static str {
    match ask {
        Ask::Order(_) => "streams of orders",
        Ask::Customer(_) => "streams of customers",
        Ask::Product(_) => "streams of products",
        Ask::Reports(..) => "streams of reports",
    }
}

/// Ways that lead from a service by way of others back to itself.
pub(crate) struct Cycles {
    /// Those that go by none of which some lead back by a shorter way.
    pub(crate) least: Vec<Vec<&'static str>>,
    /// How many others there are.
    pub(crate) others: usize,
}

impl Cycles {
    fn among(edges: &BTreeSet<(&'static str, &'static str)>) -> Self {
        let mut found = Vec::new();
        for (index, start) in SERVICES.into_iter().enumerate() {
            // Those that go through a service drawn before were found from there.
            go_on(edges, &SERVICES[index..], &mut vec![start], &mut found);
        }
        found.sort_by_key(Vec::len);
        let contains = |cycle: &[&str], other: &[&str]| {
            other.len() < cycle.len() && other.iter().all(|service| cycle.contains(service))
        };
        let is_least = |cycle: &Vec<&'static str>| !found.iter().any(|other| contains(cycle, other));
        let least: Vec<_> = found.iter().filter(|cycle| is_least(cycle)).cloned().collect();
        Self { others: found.len() - least.len(), least }
    }
}

fn add(to: &mut Dependencies, from: &'static str, on: &'static str, by: &str) {
    // What a service knows of itself is no dependency.
    if from != on {
        to.entry((from, on)).or_default().insert(by.to_owned());
    }
}

/// Every request that the saga has made.
pub(crate) fn requests() -> Vec<Request> {
    let story = crate::story::of(Style::Rest, crate::story::Scenario::Succeeds);
    let moves = PlaceOrder::steps().iter().flat_map(|spec| {
        let undo = (spec.role != Role::Retriable).then_some(Direction::Undo);
        [Some(Direction::Action), undo]
            .into_iter()
            .flatten()
            .map(|direction| Move { step: spec.step, direction })
    });
    let ask = |this| {
        request(knowledge::order_id(), &story.order().state, Some(&knowledge::contact()), this).unwrap()
    };
    moves.map(ask).collect()
}

fn go_on(
    edges: &BTreeSet<(&'static str, &'static str)>,
    among: &[&'static str],
    way: &mut Vec<&'static str>,
    found: &mut Vec<Vec<&'static str>>,
) {
    let (start, here) = (way[0], way[way.len() - 1]);
    for next in among.iter().copied().filter(|next| edges.contains(&(here, *next))) {
        if next == start {
            found.push(way.clone());
        } else if !way.contains(&next) {
            way.push(next);
            go_on(edges, among, way, found);
            way.pop();
        }
    }
}
