//! Who has seen every decision, and tells by the pure domain alone what must have come of them.

use std::{collections::BTreeMap, fmt::Display};

use aggregate::{Change, Versioned};
use chassis::{client::Call, doubles::Doubles};
use contracts::Style;
use serde_json::Value;
use test_support::decisions::Decisions;

use super::explain::Explain;
use crate::world::World;

/// The decisions of every service about what it owns.
#[derive(Clone, Debug, Default)]
pub(crate) struct Witness {
    customers: Decisions<customers::domain::Customer>,
    orders: Decisions<ordering::domain::Order>,
    products: Decisions<warehouse::domain::Product>,
    shipments: Decisions<shipping::domain::Shipment>,
    invoices: Decisions<billing::domain::Invoice>,
}

impl Witness {
    /// Has it see what the Apps decide.
    pub(crate) fn watch(&self, doubles: Doubles) -> Doubles {
        let doubles = self.orders.watch(self.customers.watch(doubles));
        self.invoices.watch(self.shipments.watch(self.products.watch(doubles)))
    }

    /// Where decisions were not legal, or what the services show is not what follows from them; a system at rest has none.
    pub(crate) async fn contradictions(&self, world: &World, style: Style) -> Vec<String> {
        let mut wrong = of(&self.customers, "customers", world, style).await;
        wrong.extend(of(&self.orders, "ordering", world, style).await);
        wrong.extend(of(&self.products, "warehouse", world, style).await);
        wrong.extend(of(&self.shipments, "shipping", world, style).await);
        wrong.extend(of(&self.invoices, "billing", world, style).await);
        wrong
    }

    /// Every decision.
    pub(crate) fn decisions(&self) -> Vec<String> {
        let mut all = said(&self.customers);
        all.extend(said(&self.orders));
        all.extend(said(&self.products));
        all.extend(said(&self.shipments));
        all.extend(said(&self.invoices));
        all
    }
}

fn said<A: Explain<Id: Display>>(decisions: &Decisions<A>) -> Vec<String> {
    let line = |change: &Change<A>| format!("{} {} {:?}", A::NAME, change.id, change.events);
    decisions.histories().values().flatten().map(line).collect()
}

/// What contradicts the decisions of one service.
async fn of<A: Explain<Id: Display>>(
    decisions: &Decisions<A>,
    service: &str,
    world: &World,
    style: Style,
) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut follows = BTreeMap::new();
    for (id, history) in decisions.histories() {
        let (folded, illegal) = fold(&history);
        wrong.extend(illegal.map(|why| format!("{} {id}: {why}", A::NAME)));
        if let Some(shown) = A::shown(&id, &folded) {
            follows.insert(id.to_string(), shown);
        }
    }
    let mut shown = audited(world, style, service).await;
    for (id, follows) in follows {
        match shown.remove(&id) {
            Some(shown) => {
                let fields = follows.as_object().into_iter().flatten();
                let differ = fields.filter(|(name, value)| shown.get(name.as_str()) != Some(value));
                wrong.extend(differ.map(|(name, value)| {
                    format!("{} {id}: {name} is {}, and should be {value}", A::NAME, shown[name.as_str()])
                }));
            }
            None => wrong.push(format!("{} {id} is not there", A::NAME)),
        }
    }
    wrong.extend(shown.keys().map(|id| format!("{} {id} is there, and nobody decided so", A::NAME)));
    wrong
}

/// What follows from the decisions, each made of the version that the one before has made, and why the first is not legal that is
/// not.
fn fold<A: Explain>(history: &[Change<A>]) -> (Versioned<A>, Option<String>) {
    let mut folded = Versioned::<A>::default();
    let mut illegal = None;
    for change in history {
        let why = if change.expected != folded.version {
            Some(format!("decided on version {}, when it was at {}", change.expected, folded.version))
        } else if !is_legal(&folded.state, &change.events, &change.events) {
            Some(format!("{:?} is not what is decided on {:?}", change.events, folded.state))
        } else {
            None
        };
        illegal = illegal.or(why);
        change.events.iter().for_each(|event| folded.state.evolve(event));
        folded.version = change.version();
    }
    (folded, illegal)
}

/// Whether there are commands on which the domain decides just these events, one command after the other. What may have been asked
/// is told by `all` the events.
fn is_legal<A: Explain>(state: &A, all: &[A::Event], events: &[A::Event]) -> bool {
    events.is_empty()
        || all.iter().flat_map(|event| state.asked_for(event)).any(|command| {
            let Ok(decided) = state.decide(&command) else { return false };
            let Some(rest) = events.strip_prefix(&decided[..]).filter(|_| !decided.is_empty()) else {
                return false;
            };
            let mut after = state.clone();
            decided.iter().for_each(|event| after.evolve(event));
            is_legal(&after, all, rest)
        })
}

/// What a service shows that it owns, by id.
async fn audited(world: &World, style: Style, service: &str) -> BTreeMap<String, Value> {
    let url = format!("http://127.0.0.1:8081/{style}/{service}/audit");
    let mut audit: Value = world.send(Call::get(url)).await.json().unwrap();
    let Value::Array(aggregates) = audit["aggregates"].take() else { panic!("{audit}") };
    let id = |shown: &Value| {
        ["id", "order_id", "sku"].iter().find_map(|name| shown[name].as_str()).unwrap().to_owned()
    };
    aggregates.into_iter().map(|shown| (id(&shown), shown)).collect()
}
