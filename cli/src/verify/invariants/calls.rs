//! 4: what the systems outside were asked, against their own ledgers.

use std::collections::BTreeSet;

use contracts::{Money, ordering::OrderStatus, outside::simulators::Entry};
use uuid::Uuid;

use super::of_ledgers;
use crate::{
    audit::OrderRow,
    verify::{Ledgers, Offence, System, Verdict, snapshot::accepted},
    workload::word,
};

/// At most one booking, one captured charge and one mail per order.
pub(super) fn are_made_once(system: &System) -> Verdict {
    of_ledgers(system, |Ledgers { payment, carrier, mail, .. }| {
        let ledgers = [("charged", payment), ("booked", carrier), ("mailed", mail)];
        let repeated = ledgers.into_iter().flat_map(|(what, entries)| {
            let repeated = accepted(entries).into_iter().filter(|(_, entries)| entries.len() > 1);
            repeated.map(move |(order, entries)| {
                let ids: Vec<_> = entries.iter().map(|entry| &*entry.id).collect();
                Offence::new(order, format!("{what} {} times: {}", ids.len(), ids.join(", ")))
            })
        });
        repeated.collect()
    })
}

/// The carrier has what is SHIPPED or COMPLETED, and nothing else.
pub(super) fn bookings_agree(system: &System) -> Verdict {
    of_ledgers(system, |ledgers| agree(system, ledgers, &ledgers.carrier, "booked", OrderRow::has_left))
}

/// The payment provider has taken what COMPLETED orders cost, and nothing else.
pub(super) fn charges_agree(system: &System) -> Verdict {
    of_ledgers(system, |ledgers| {
        let completed = |order: &OrderRow| order.status == OrderStatus::Completed;
        let mut offences = agree(system, ledgers, &ledgers.payment, "charged", completed);
        let charges = accepted(&ledgers.payment);
        for order in &system.orders {
            let Some(charge) = charges.get(&order.id).and_then(|charges| charges.first()) else { continue };
            offences.extend(wrong_amount(order, charge).map(|what| Offence::new(order.id, what)));
        }
        offences
    })
}

/// Every invoice was mailed.
pub(super) fn mails_agree(system: &System) -> Verdict {
    of_ledgers(system, |ledgers| {
        let invoiced: BTreeSet<_> = system.invoices.iter().map(|invoice| invoice.order_id).collect();
        agree(system, ledgers, &ledgers.mail, "mailed", |order| invoiced.contains(&order.id))
    })
}

/// Where a ledger and the orders differ: done for one that it should not be done for, or the other way round.
fn agree(
    system: &System,
    ledgers: &Ledgers,
    entries: &[Entry],
    done: &str,
    should: impl Fn(&OrderRow) -> bool,
) -> Vec<Offence> {
    let accepted = accepted(entries);
    let differs = |order: &&OrderRow| should(order) != accepted.contains_key(&order.id);
    let mut offences: Vec<_> = system
        .orders
        .iter()
        .filter(differs)
        .map(|order| {
            let not = if should(order) { "not " } else { "" };
            Offence::new(order.id, format!("{not}{done}, and it is {}", word(&order.status)))
        })
        .collect();
    if ledgers.own {
        let orders = system.orders_by_id();
        let of_nobody = accepted.keys().filter(|order: &&Uuid| !orders.contains_key(order));
        offences.extend(of_nobody.map(|order| Offence::new(order, format!("{done}, and it is no order"))));
    }
    offences
}

fn wrong_amount(order: &OrderRow, charge: &Entry) -> Option<String> {
    let total =
        order.total.as_ref().and_then(|total| Money::new(total.amount, total.currency.parse().ok()?).ok());
    let told = |money: Option<Money>| money.map_or("nothing".to_owned(), |money| format!("{money:?}"));
    (charge.amount != total).then(|| format!("charged {}, and it costs {}", told(charge.amount), told(total)))
}
