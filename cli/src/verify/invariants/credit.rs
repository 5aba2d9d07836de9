//! 2: how much customers owe.

use std::collections::BTreeMap;

use contracts::ordering::OrderStatus;
use uuid::Uuid;

use crate::{
    audit::CustomerRow,
    verify::{Offence, System, Verdict},
};

/// 0 ≤ reserved ≤ limit, in one currency; and what is reserved is what is held for the orders.
pub(super) fn is_within_limits(system: &System) -> Verdict {
    let wrong = |customer: &CustomerRow| {
        let (reserved, limit) = (&customer.credit_reserved, &customer.credit_limit);
        let held = customer.held.as_ref().map(|held| held.iter().map(|held| held.amount.amount).sum::<i64>());
        let mut holds = customer.held.iter().flatten().filter(|held| held.amount.amount != 0);
        if reserved.currency != limit.currency {
            Some(format!("reserved {}, but the limit is in {}", reserved.currency, limit.currency))
        } else if !(0..=limit.amount).contains(&reserved.amount) {
            Some(format!("reserved {} of {}", reserved.amount, limit.amount))
        } else if held.is_some_and(|held| held != reserved.amount) {
            Some(format!("reserved {}, but {} is held for orders", reserved.amount, held.unwrap_or_default()))
        } else {
            let foreign = holds.find(|held| held.amount.currency != limit.currency);
            foreign.map(|held| format!("{} is held for order {}", held.amount.currency, held.order_id))
        }
    };
    let offences = system.customers.iter().filter_map(|it| Some(Offence::new(it.id, wrong(it)?)));
    offences.collect::<Vec<_>>().into()
}

/// What is reserved is the sum of the SHIPPED orders; at rest those are unpaid.
pub(super) fn is_for_unpaid_orders(system: &System) -> Verdict {
    let mut owed: BTreeMap<Uuid, i64> = BTreeMap::new();
    for order in system.orders.iter().filter(|order| order.status == OrderStatus::Shipped) {
        *owed.entry(order.customer_id).or_default() += order.total.as_ref().map_or(0, |total| total.amount);
    }
    let wrong = |customer: &CustomerRow| {
        let (reserved, owed) =
            (customer.credit_reserved.amount, owed.get(&customer.id).copied().unwrap_or_default());
        (reserved != owed).then(|| format!("reserved {reserved}, but unpaid orders are {owed}"))
    };
    let offences = system.customers.iter().filter_map(|it| Some(Offence::new(it.id, wrong(it)?)));
    offences.collect::<Vec<_>>().into()
}
