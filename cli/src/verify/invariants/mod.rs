//! The invariants, as the domain states them: each a pure function of what is known.

mod calls;
mod credit;
mod folds;
mod messages;
mod outcomes;
mod stock;
mod views;

use super::{Finding, Offence, Snapshot, System, Verdict};
use crate::audit::busy;

/// When an invariant holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// At every moment.
    Always,
    /// When nothing is to be done any more.
    AtRest,
    /// When nothing is to be done any more; and where it does not, it says what is.
    Rest,
}

/// One invariant.
struct Invariant {
    number: &'static str,
    when: When,
    statement: &'static str,
    check: fn(&System) -> Verdict,
}

/// A line of the list below.
const fn invariant(
    number: &'static str,
    when: When,
    statement: &'static str,
    check: fn(&System) -> Verdict,
) -> Invariant {
    Invariant { number, when, statement, check }
}

use When::{Always, AtRest, Rest};

/// All of them, in the order of the domain's list.
const INVARIANTS: &[Invariant] = &[
    invariant("1", Rest, "every placed order has one outcome", outcomes::are_reached),
    invariant("1", AtRest, "shipments and invoices tell the same as their orders", outcomes::agree),
    invariant("2", Always, "0 ≤ reserved ≤ limit, for every customer", credit::is_within_limits),
    invariant(
        "2",
        AtRest,
        "credit is reserved for shipped and unpaid orders only",
        credit::is_for_unpaid_orders,
    ),
    invariant("3", Always, "0 ≤ reserved ≤ on hand, for every product", stock::is_within_bounds),
    invariant("3", AtRest, "nothing is reserved, and on hand = received − dispatched", stock::adds_up),
    invariant(
        "4",
        Always,
        "at most one booking, one captured charge and one mail per order",
        calls::are_made_once,
    ),
    invariant("4", AtRest, "booked ⇔ SHIPPED or COMPLETED", calls::bookings_agree),
    invariant("4", AtRest, "charged ⇔ COMPLETED, and what it costs", calls::charges_agree),
    invariant("4", AtRest, "mailed ⇔ invoiced", calls::mails_agree),
    invariant("5", AtRest, "every message had one effect, in an unbroken chain", messages::are_handled_once),
    invariant("6", Rest, "nothing is pending, unconfirmed or parked", messages::nothing_is_pending),
    invariant("6", Rest, "sent and handled messages agree by count and sum", messages::tallies_agree),
    invariant("7", AtRest, "views show what their owners own", views::show_what_is_owned),
    invariant("7", Always, "rebuilt views equal the live ones", views::equal_when_rebuilt),
    invariant("7", Always, "a snapshot and its tail make what all events make", folds::agree),
];

/// What is found about every invariant in every style.
#[must_use]
pub fn check(snapshot: &Snapshot) -> Vec<Finding> {
    snapshot.systems.iter().flat_map(check_system).collect()
}

fn check_system(system: &System) -> Vec<Finding> {
    let at_rest = busy(&system.states).is_empty();
    let find = |invariant: &Invariant| {
        let judge = at_rest || invariant.when != AtRest;
        let verdict = if judge {
            (invariant.check)(system)
        } else {
            Verdict::NotChecked { reason: "the system is not at rest".to_owned() }
        };
        let Invariant { number, statement, .. } = *invariant;
        Finding { style: system.style.clone(), invariant: number, statement, verdict }
    };
    INVARIANTS.iter().map(find).collect()
}

/// The verdict of those ledgers that there are.
fn of_ledgers(system: &System, offences: impl FnOnce(&super::Ledgers) -> Vec<Offence>) -> Verdict {
    system.ledgers.as_ref().map_or_else(
        || Verdict::NotChecked { reason: "nobody simulates the systems outside".to_owned() },
        |ledgers| offences(ledgers).into(),
    )
}
