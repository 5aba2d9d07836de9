//! A system in which everything holds, and what is found when one thing after the other does not.

mod healthy;

use std::collections::BTreeSet;

use messaging::audit::{InboxAudit, OutboxAudit};
use serde_json::{Value, json};

use super::{Finding, Folds, Ledgers, Snapshot, System, Verdict, Views, check};
use crate::audit::State;

use healthy::{
    CANCELLED, COMPLETED, CUSTOMER, OPEN, REJECTED, UNPAID, entry, eur, healthy, id, order, row, tally, views,
};

fn findings(system: System) -> Vec<Finding> {
    check(&Snapshot { systems: vec![system] })
}

/// The numbers of the invariants that are broken once the healthy system was changed, and the ids of what breaks them.
fn broken(change: impl FnOnce(&mut System)) -> BTreeSet<(&'static str, String)> {
    let mut system = healthy();
    change(&mut system);
    let offences = findings(system).into_iter().flat_map(|finding| match finding.verdict {
        Verdict::Broken { offences } => {
            offences.into_iter().map(|it| (finding.invariant, it.id)).collect::<Vec<_>>()
        }
        Verdict::Ok | Verdict::NotChecked { .. } => vec![],
    });
    offences.collect()
}

fn only(number: &'static str, id: impl ToString) -> BTreeSet<(&'static str, String)> {
    [(number, id.to_string())].into()
}

fn state_of<'a>(system: &'a mut System, service: &str) -> &'a mut State {
    system.states.get_mut(service).unwrap()
}

fn inbox(system: &mut System) -> &mut InboxAudit {
    state_of(system, "billing").inbox.as_mut().unwrap()
}

fn outbox(system: &mut System) -> &mut OutboxAudit {
    state_of(system, "ordering").outbox.as_mut().unwrap()
}

fn ledgers(system: &mut System) -> &mut Ledgers {
    system.ledgers.as_mut().unwrap()
}

#[test]
fn a_healthy_system_breaks_nothing() {
    let findings = findings(healthy());
    let not_ok: Vec<_> = findings.iter().filter(|finding| finding.verdict != Verdict::Ok).collect();
    assert!(not_ok.is_empty(), "{not_ok:#?}");
}

#[test]
fn a_view_that_shows_something_else_is_found() {
    let of = |change: fn(&mut Views)| broken(|system| change(system.views.as_mut().unwrap()));
    let other = of(|views| views.documents.values_mut().for_each(|it| *it = json!({"version": 2})));
    assert_eq!(other, only("7", id(OPEN)));
    assert_eq!(of(|views| views.documents.clear()), only("7", id(OPEN)));
    assert_eq!(of(|views| views.owned.clear()), only("7", id(OPEN)));
    assert_eq!(of(|views| views.generations[0].different = Some(1)), only("7", "generation 2"));
}

#[test]
fn nobody_can_say_whether_views_are_right_that_are_not_there_or_were_never_rebuilt() {
    let unknown = |views: Option<Views>| {
        let findings = findings(System { views, ..healthy() });
        findings.iter().filter(|finding| matches!(finding.verdict, Verdict::NotChecked { .. })).count()
    };
    assert_eq!(unknown(None), 2);
    assert_eq!(unknown(Some(Views { generations: Vec::new(), ..views() })), 1);
}

#[test]
fn a_snapshot_that_is_not_what_its_events_make_is_found() {
    let different = "ordering order-1".to_owned();
    let wrong = broken(|system| system.folds.as_mut().unwrap().different.push(different.clone()));
    assert_eq!(wrong, only("7", different));
}

#[test]
fn nobody_can_say_whether_snapshots_are_right_where_there_are_none() {
    for folds in [None, Some(Folds { aggregates: 5, ..Folds::default() })] {
        let findings = findings(System { folds, ..healthy() });
        let unknown = findings.iter().filter(|it| matches!(it.verdict, Verdict::NotChecked { .. }));
        assert_eq!(unknown.map(|it| it.invariant).collect::<Vec<_>>(), ["7"]);
    }
}

#[test]
fn an_order_that_has_no_outcome_is_found() {
    let stuck = broken(|system| system.orders[2] = row(order(REJECTED, "CREDIT_CONFIRMED")));
    assert_eq!(stuck, only("1", id(REJECTED)));
}

#[test]
fn a_shipped_order_whose_invoice_is_not_unpaid_is_found() {
    let issued = broken(|system| {
        system.invoices[1] = row(json!({ "order_id": id(UNPAID), "amount": eur(200), "status": "ISSUED" }));
    });
    assert_eq!(issued, only("1", id(UNPAID)));
}

#[test]
fn an_outcome_of_an_order_that_was_never_placed_is_found() {
    assert_eq!(broken(|system| system.orders[2].placed_at = None), only("1", id(REJECTED)));
    let reopened = broken(|system| system.orders[4].placed_at = Some("2026-01-31T12:00:00Z".to_owned()));
    assert_eq!(reopened, only("1", id(OPEN)));
}

#[test]
fn a_shipment_or_an_invoice_that_tells_otherwise_is_found() {
    let called_off = broken(|system| {
        system.shipments[0] = row(json!({ "order_id": id(COMPLETED), "status": "CALLED_OFF" }));
    });
    assert_eq!(called_off, only("1", id(COMPLETED)));
    let dispatched = broken(|system| {
        system.shipments[2] = row(json!({ "order_id": id(CANCELLED), "status": "DISPATCHED" }));
    });
    assert_eq!(dispatched, only("1", id(CANCELLED)));
    let of_nobody = broken(|system| {
        system.shipments.push(row(json!({ "order_id": id(77), "status": "REQUESTED" })));
    });
    assert_eq!(of_nobody, only("1", id(77)));
    let invoiced = broken(|system| {
        let invoice = json!({ "order_id": id(REJECTED), "amount": eur(200), "status": "UNPAID" });
        system.invoices.push(row(invoice));
    });
    assert!(invoiced.contains(&("1", id(REJECTED).to_string())), "{invoiced:?}");
}

#[test]
fn more_reserved_than_the_limit_is_found_and_less_than_nothing_too() {
    for (limit, reserved) in [(100, 200), (1000, -1)] {
        let found = broken(|system| {
            let customer = &mut system.customers[0];
            (customer.credit_limit.amount, customer.credit_reserved.amount) = (limit, reserved);
        });
        assert!(found.contains(&("2", id(CUSTOMER).to_string())), "{reserved} of {limit}: {found:?}");
    }
}

#[test]
fn credit_in_another_currency_than_its_limit_is_found() {
    let found = broken(|system| system.customers[0].credit_reserved.currency = "USD".to_owned());
    assert_eq!(found, only("2", id(CUSTOMER)));
}

#[test]
fn credit_that_is_held_in_another_currency_is_found_unless_it_is_none() {
    let held = |amount| {
        broken(move |system| {
            let held = json!({ "order_id": id(REJECTED), "amount": { "amount": amount, "currency": "USD" } });
            let customer = &mut system.customers[0];
            customer.held.as_mut().unwrap().push(row(held));
            // So much less is held for the other order that the sum is right.
            customer.held.as_mut().unwrap()[0].amount.amount -= amount;
        })
    };
    assert_eq!(held(50), only("2", id(CUSTOMER)));
    assert_eq!(held(0), BTreeSet::new());
}

#[test]
fn credit_that_is_held_for_nobody_is_found() {
    assert_eq!(broken(|system| system.customers[0].held = Some(vec![])), only("2", id(CUSTOMER)));
}

#[test]
fn credit_that_was_not_given_back_is_found() {
    let found = broken(|system| {
        system.customers[0].credit_reserved.amount = 400;
        system.customers[0].held = None;
    });
    assert_eq!(found, only("2", id(CUSTOMER)));
}

#[test]
fn more_reserved_than_on_hand_is_found_and_more_on_hand_than_received_too() {
    let found = broken(|system| system.products[0].reserved = 7);
    assert_eq!(found, only("3", "tea"));
    assert_eq!(broken(|system| system.products[0].on_hand = 11), only("3", "tea"));
}

#[test]
fn pieces_that_are_held_for_nobody_or_left_reserved_are_found() {
    let held = json!({ "order_id": id(REJECTED), "quantity": 2 });
    assert_eq!(broken(|system| system.products[0].held = Some(vec![row(held)])), only("3", "tea"));
    let reserved = broken(|system| {
        system.products[0].reserved = 2;
        system.products[0].held = None;
    });
    assert_eq!(reserved, only("3", "tea"));
}

#[test]
fn stock_that_does_not_add_up_is_found() {
    assert_eq!(broken(|system| system.products[0].on_hand = 8), only("3", "tea"));
}

#[test]
fn a_second_booking_charge_or_mail_is_found() {
    let of = |ledger: fn(&mut Ledgers) -> &mut Vec<_>, amount: Option<Value>| {
        broken(|system| ledger(ledgers(system)).push(row(entry(COMPLETED, 9, "accepted", amount))))
    };
    assert_eq!(of(|ledgers| &mut ledgers.carrier, None), only("4", id(COMPLETED)));
    assert_eq!(of(|ledgers| &mut ledgers.payment, Some(eur(200))), only("4", id(COMPLETED)));
    assert_eq!(of(|ledgers| &mut ledgers.mail, None), only("4", id(COMPLETED)));
}

#[test]
fn what_was_not_booked_charged_or_mailed_is_found() {
    assert_eq!(broken(|system| drop(ledgers(system).carrier.remove(1))), only("4", id(UNPAID)));
    assert_eq!(broken(|system| drop(ledgers(system).payment.remove(0))), only("4", id(COMPLETED)));
    assert_eq!(broken(|system| drop(ledgers(system).mail.remove(0))), only("4", id(COMPLETED)));
}

#[test]
fn what_was_booked_or_charged_for_an_order_that_came_to_nothing_is_found() {
    let booked = broken(|system| ledgers(system).carrier.push(row(entry(CANCELLED, 9, "accepted", None))));
    assert_eq!(booked, only("4", id(CANCELLED)));
    let charged = broken(|system| {
        ledgers(system).payment.push(row(entry(UNPAID, 9, "accepted", Some(eur(200)))));
    });
    assert_eq!(charged, only("4", id(UNPAID)));
}

#[test]
fn a_refused_attempt_is_neither_a_booking_nor_a_charge() {
    let found = broken(|system| {
        ledgers(system).carrier.push(row(entry(CANCELLED, 9, "refused", None)));
        ledgers(system).payment.push(row(entry(UNPAID, 9, "soft-declined", Some(eur(200)))));
    });
    assert_eq!(found, BTreeSet::new());
}

#[test]
fn a_charge_of_another_amount_is_found() {
    let found = broken(|system| {
        ledgers(system).payment[0] = row(entry(COMPLETED, 1, "accepted", Some(eur(199))));
    });
    assert_eq!(found, only("4", id(COMPLETED)));
}

#[test]
fn an_entry_about_no_order_is_found_unless_other_styles_ask_the_same_simulators() {
    let stray = |own| {
        broken(|system| {
            ledgers(system).own = own;
            ledgers(system).mail.push(row(entry(77, 9, "accepted", None)));
        })
    };
    assert_eq!(stray(true), only("4", id(77)));
    assert_eq!(stray(false), BTreeSet::new());
}

#[test]
fn a_message_handled_twice_or_not_at_all_is_found() {
    for handled in [2, 4] {
        let found = broken(|system| inbox(system).partitions[0].handled = tally(handled));
        let told: Vec<_> = found.iter().map(|(number, _)| *number).collect();
        assert!(told.contains(&"6"), "{handled}: {found:?}");
    }
    // Counts that agree do not hide that it was another message.
    let found = broken(|system| inbox(system).partitions[0].handled.sum += 1);
    assert!(found.contains(&("6", "billing.commands/7".to_owned())), "{found:?}");
}

#[test]
fn a_break_that_the_producer_cannot_see_is_found() {
    // The producer's own count is as wrong as the consumer's: both lost the same message on the way.
    let found = broken(|system| {
        inbox(system).partitions[0].handled = tally(2);
        outbox(system).partitions[0].enqueued = tally(4);
        outbox(system).partitions[0].published = tally(4);
    });
    assert_eq!(found, only("5", "billing billing.commands/7"));
}

#[test]
fn a_discard_is_an_exception_that_is_counted() {
    let found = broken(|system| {
        inbox(system).partitions[0].handled = tally(2);
        inbox(system).partitions[0].discarded = tally(1);
    });
    assert_eq!(found, BTreeSet::new());
}

#[test]
fn whatever_is_pending_is_found_and_what_holds_only_at_rest_is_not_judged() {
    type Change = fn(&mut System);
    let changes: [(Change, &str); 4] = [
        (|system| state_of(system, "billing").pending = [("tasks".to_owned(), 1)].into(), "billing"),
        (|system| outbox(system).unconfirmed = 1, "ordering"),
        (|system| inbox(system).parked = 1, "billing"),
        (|system| outbox(system).partitions[0].enqueued = tally(6), "ordering"),
    ];
    for (change, service) in changes {
        let found = broken(change);
        assert!(found.contains(&("6", service.to_owned())), "{found:?}");
        assert!(found.iter().all(|(number, _)| *number == "6"), "{found:?}");
    }
}

#[test]
fn what_always_holds_is_judged_on_a_busy_system_too() {
    let found = broken(|system| {
        state_of(system, "billing").pending.insert("tasks".to_owned(), 1);
        system.products[0].reserved = 7;
        ledgers(system).carrier.push(row(entry(COMPLETED, 9, "accepted", None)));
    });
    assert!(found.contains(&("3", "tea".to_owned())) && found.contains(&("4", id(COMPLETED).to_string())));
}

#[test]
fn each_style_is_judged_by_itself() {
    let mut other = healthy();
    other.style = "rest".to_owned();
    other.products[0].on_hand = 8;
    let findings = check(&Snapshot { systems: vec![healthy(), other] });
    let broken: Vec<_> = findings.iter().filter(|finding| finding.verdict.is_broken()).collect();
    assert_eq!(broken.len(), 1);
    assert_eq!((&*broken[0].style, broken[0].invariant), ("rest", "3"));
}

#[test]
fn what_nobody_counts_or_simulates_is_not_checked() {
    let mut system = healthy();
    system.ledgers = None;
    system.states.values_mut().for_each(|state| (state.outbox, state.inbox) = (None, None));
    let unknown: Vec<_> = findings(system)
        .into_iter()
        .filter(|finding| matches!(finding.verdict, Verdict::NotChecked { .. }))
        .map(|finding| finding.invariant)
        .collect();
    assert_eq!(unknown, ["4", "4", "4", "4", "5", "6"]);
}
