//! Which order comes when, and of what: decided by its number alone, so that it does not depend on how fast the system is.

use std::time::Duration;

use chassis::ids::Random;
use contracts::{
    Sku,
    ordering::{AddItem, CreateOrder},
};

use super::{Kind, Mix, supply::Supply};
use crate::workload::Run;

/// What SplitMix64 adds for each number drawn: a seed so many times greater begins where the sequence has got to by then.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// Where each order of an open loop begins: evenly, whatever becomes of those before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Schedule {
    /// Orders a second; above zero.
    pub(super) rate: f64,
}

impl Schedule {
    /// How long after the beginning the order of this number, from 0, is due.
    pub(super) fn due(self, number: u64) -> Duration {
        // Counted from the beginning each time, so that rounding does not add up. A float holds every number of orders exactly
        // that can ever be sent.
        Duration::try_from_secs_f64(number as f64 / self.rate).unwrap_or(Duration::MAX)
    }
}

/// Which orders there are.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) run: Run,
    pub(super) seed: u64,
    pub(super) mix: Mix,
    pub(super) lines: usize,
    pub(super) supply: Supply,
}

/// An order as it is to be sent.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) kind: Kind,
    /// What all its requests' keys begin with.
    pub(super) key: String,
    pub(super) body: CreateOrder,
}

impl Plan {
    /// What kind of order this number is.
    pub(super) fn kind(&self, number: u64) -> Kind {
        self.mix.pick(&Random::seeded(self.seed.wrapping_add(number.wrapping_mul(STEP))))
    }

    /// The order of this number, from 0.
    pub(super) fn order(&self, number: u64) -> Wanted {
        let (kind, supply) = (self.kind(number), &self.supply);
        let customer = match kind {
            Kind::NoCredit => *turn(&supply.poor, number),
            Kind::WrongCurrency => *turn(&supply.foreign, number),
            Kind::UnknownCustomer => *turn(&supply.nobody, number),
            _ => *turn(&supply.rich, number),
        };
        let products = if kind == Kind::OutOfStock { &supply.sold_out } else { &supply.stocked };
        let lines = self.lines as u64;
        let items =
            (0..lines).map(|line| item(turn(products, number.wrapping_mul(lines).wrapping_add(line))));
        Wanted {
            kind,
            key: format!("{}/{number}", self.run),
            body: CreateOrder {
                customer_id: customer.to_string(),
                items: items.collect(),
                reference: Some(reference(&self.run, kind, number)),
                place: true,
            },
        }
    }
}

/// What an order is called: by its number, or by its kind where the systems outside are told by it what to do.
fn reference(run: &Run, kind: Kind, number: u64) -> String {
    if kind.is_scripted() { script(run, kind) } else { format!("{run}-{number}") }
}

/// The reference by which the systems outside follow the script of a kind: one for all orders of it, set once.
pub(super) fn script(run: &Run, kind: Kind) -> String {
    format!("{run}-{kind}")
}

/// One after the other takes its turn, so that neighbours do not meet at one row.
fn turn<T>(of: &[T], number: u64) -> &T {
    &of[number as usize % of.len()]
}

fn item(sku: &Sku) -> AddItem {
    AddItem { sku: sku.to_string(), quantity: 1 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plan(seed: u64) -> Plan {
        let random = Random::seeded(1);
        let run = Run::new(&random);
        let sku = |number: u64| run.sku(&format!("p{number}").parse().unwrap()).unwrap();
        let id = |number: u64| uuid::Uuid::from_u64_pair(1, number).into();
        let supply = Supply {
            rich: (0..8).map(id).collect(),
            poor: vec![id(100)],
            foreign: vec![id(200)],
            nobody: vec![id(300)],
            stocked: (0..8).map(sku).collect(),
            sold_out: vec![sku(9)],
        };
        Plan { run, seed, mix: Mix::default(), lines: 3, supply }
    }

    #[test]
    fn an_order_is_the_same_whenever_it_is_sent() {
        let (forwards, backwards) = (plan(7), plan(7));
        let sent: Vec<_> = (0..100).map(|number| forwards.order(number)).collect();
        for (number, sent) in sent.iter().enumerate().rev() {
            let again = backwards.order(number as u64);
            assert_eq!((again.kind, &again.key), (sent.kind, &sent.key));
            assert_eq!(again.body.customer_id, sent.body.customer_id);
        }
        let kinds = |seed| (0..100).map(|number| plan(seed).kind(number)).collect::<Vec<_>>();
        assert_ne!(kinds(7), kinds(8));
    }

    #[test]
    fn neighbours_meet_at_no_row_and_no_order_has_a_product_twice() {
        let plan = Plan { mix: Mix::only(Kind::Completed), ..plan(1) };
        let (one, next) = (plan.order(0).body, plan.order(1).body);
        assert_ne!(one.customer_id, next.customer_id);
        let mut skus: Vec<_> = one.items.iter().chain(&next.items).map(|item| item.sku.clone()).collect();
        skus.sort();
        skus.dedup();
        assert_eq!(skus.len(), 6);
    }

    #[test]
    fn what_the_systems_outside_follow_is_one_name_for_all_orders_of_a_kind() {
        let plan = Plan { mix: Mix::only(Kind::Declined), ..plan(1) };
        let reference = |number| plan.order(number).body.reference;
        assert_eq!((reference(0), reference(1)), (Some(script(&plan.run, Kind::Declined)), reference(0)));
    }

    proptest! {
        /// Whatever the rate, orders are due one after the other, and so many in a second as it says.
        #[test]
        fn orders_are_due_evenly(rate in 0.1f64..100_000.0, number in 0u64..1_000_000) {
            let schedule = Schedule { rate };
            prop_assert!(schedule.due(number) <= schedule.due(number + 1));
            let due = schedule.due(number).as_secs_f64();
            prop_assert!((due - number as f64 / rate).abs() < 1e-6, "{due}");
        }
    }
}
