//! 3: how much of every product there is.

use std::collections::BTreeMap;

use crate::{
    audit::{OrderRow, ProductRow},
    verify::{Offence, System, Verdict},
};

/// 0 ≤ reserved ≤ on hand ≤ received; and what is reserved is what is held for the orders.
pub(super) fn is_within_bounds(system: &System) -> Verdict {
    let wrong = |product: &ProductRow| {
        let ProductRow { received, on_hand, reserved, .. } = product;
        let held = product.held.as_ref().map(|held| held.iter().map(|held| held.quantity).sum::<i64>());
        if !(0..=*on_hand).contains(reserved) {
            Some(format!("reserved {reserved} of {on_hand} on hand"))
        } else if on_hand > received {
            Some(format!("{on_hand} on hand, but only {received} received"))
        } else if held.is_some_and(|held| held != *reserved) {
            Some(format!("reserved {reserved}, but {} are held for orders", held.unwrap_or_default()))
        } else {
            None
        }
    };
    let offences = system.products.iter().filter_map(|it| Some(Offence::new(&it.sku, wrong(it)?)));
    offences.collect::<Vec<_>>().into()
}

/// Nothing is reserved, and what is on hand is what was received less what has left.
pub(super) fn adds_up(system: &System) -> Verdict {
    let mut left: BTreeMap<&str, i64> = BTreeMap::new();
    for item in system.orders.iter().filter(|order| OrderRow::has_left(order)).flat_map(|order| &order.items)
    {
        *left.entry(&item.sku).or_default() += item.quantity;
    }
    let wrong = |product: &ProductRow| {
        let ProductRow { received, on_hand, reserved, .. } = product;
        let left = left.get(&*product.sku).copied().unwrap_or_default();
        if *reserved != 0 {
            Some(format!("reserved {reserved}"))
        } else if *on_hand != received - left {
            Some(format!("{on_hand} on hand, but {received} received and {left} dispatched"))
        } else {
            None
        }
    };
    let offences = system.products.iter().filter_map(|it| Some(Offence::new(&it.sku, wrong(it)?)));
    offences.collect::<Vec<_>>().into()
}
