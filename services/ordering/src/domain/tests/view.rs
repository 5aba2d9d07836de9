//! How an order looks to those who ask.

use contracts::ordering::{Cancel, WaitingFor};

use super::*;

#[track_caller]
fn shows(past: &[Event], reason: Option<Reason>, cancel: Option<Cancel>, waiting_for: Option<WaitingFor>) {
    let order = Order::fold(past);
    assert_eq!(
        (order.reason, order.cancel(), order.waiting_for()),
        (reason, cancel, waiting_for),
        "{order:#?}"
    );
}

#[test]
fn nothing_is_known_of_an_order_that_was_never_created() {
    let order = Order::default();
    assert!(!order.exists() && !order.is_outcome());
    assert_eq!((order.total(), order.cancel(), order.waiting_for()), (None, None, None));
}

#[test]
fn what_it_waits_for_follows_from_its_status() {
    shows(&past_of(Open), None, None, None);
    shows(&past_of(Pending), None, None, Some(WaitingFor::Credit));
    shows(&past_of(CreditConfirmed), None, None, Some(WaitingFor::Stock));
    shows(&past_of(Approved), None, None, Some(WaitingFor::Carrier));
    shows(&past_of(Shipped), None, None, Some(WaitingFor::Payment));
    shows(&past_of(Completed), None, None, None);
}

#[test]
fn a_shipped_order_waits_for_its_payment_before_its_settlement() {
    let settled = then(past_of(Shipped), [Event::StockTakenOut, Event::CreditSettled]);
    shows(&settled, None, None, Some(WaitingFor::Payment));

    let unpaid = then(past_of(Shipped), [invoice_unpaid()]);
    shows(&unpaid, None, None, None);

    let paid = then(unpaid, [Event::InvoicePaid]);
    shows(&paid, None, None, Some(WaitingFor::Settlement));
}

#[test]
fn a_rejected_order_says_why() {
    shows(&past_of(Rejected), Some(Reason::InsufficientCredit), None, None);
}

#[test]
fn a_cancel_is_requested_then_done() {
    shows(&past_of(CancelPending), None, Some(Cancel::Requested), Some(WaitingFor::Undo));
    shows(&past_of(Cancelled), None, Some(Cancel::Done), None);
    shows(&then(past_of(Open), [cancelled()]), None, Some(Cancel::Done), None);
}

#[test]
fn a_cancel_that_was_lost_came_too_late_for_good() {
    let lost = then(past_of(CancelPending), [shipped()]);
    shows(&lost, None, Some(Cancel::TooLate), Some(WaitingFor::Payment));

    let fulfilled = [Event::StockTakenOut, Event::InvoicePaid, Event::CreditSettled, completed()];
    shows(&then(lost, fulfilled), None, Some(Cancel::TooLate), None);
}

#[test]
fn an_order_that_its_carrier_refused_says_so_and_names_no_wish() {
    let why = Some(Reason::CarrierRefused);
    let refused = then(past_of(Approved), [carrier_refused()]);
    shows(&refused, why, None, Some(WaitingFor::Undo));
    shows(&then(refused, [cancelled()]), why, None, None);
}

#[test]
fn the_reason_stays_that_of_the_first_move() {
    let why = Some(Reason::CarrierRefused);
    let wished = then(past_of(Approved), [carrier_refused(), Event::CancelWished]);
    shows(&wished, why, Some(Cancel::Requested), Some(WaitingFor::Undo));
    shows(&then(wished, [cancelled()]), why, Some(Cancel::Done), None);
}

#[test]
fn what_was_shipped_after_all_has_no_reason() {
    let past = then(past_of(Approved), [carrier_refused(), shipped()]);
    shows(&past, None, None, Some(WaitingFor::Payment));
}

#[test]
fn nobody_waits_for_an_order_that_is_at_an_outcome_or_whose_cancel_came_too_late() {
    for status in STATUSES {
        let state = order_in(status).state().clone();
        assert_eq!(state.is_settled(), state.is_outcome(), "{status:?}");
    }
    let lost = then(past_of(CancelPending), [shipped()]);
    assert!(Order::fold(&lost).is_settled() && !Order::fold(&lost).is_outcome());
}

#[test]
fn an_outcome_is_a_final_status_or_an_unpaid_invoice() {
    for status in STATUSES {
        let expected = matches!(status, Completed | Rejected | Cancelled);
        assert_eq!(order_in(status).state().is_outcome(), expected, "{status:?}");
    }
    let unpaid = then(past_of(Shipped), [invoice_unpaid()]);
    assert!(Order::fold(&unpaid).is_outcome());
    assert!(!Order::fold(&then(unpaid, [Event::InvoicePaid])).is_outcome());
}

#[test]
fn it_remembers_when_it_was_created_placed_and_finished() {
    let at = Timestamp::from_micros;
    let order = Order::fold(&[
        Event::Created { customer_id: customer(1), reference: Some("web-1".parse().unwrap()), at: at(1) },
        line_added("tea", 2),
        Event::Placed { total: eur(1000), at: at(2) },
        Event::CreditConfirmed { ship_to: Some(address()), at: at(3) },
        Event::CancelStarted { reason: None, at: at(4) },
        Event::Cancelled { at: at(5) },
    ]);
    assert_eq!((order.created_at, order.placed_at, order.finished_at), (at(1), Some(at(2)), Some(at(5))));
    assert_eq!(order.reference, "web-1".parse().ok());
    assert_eq!((order.ship_to.as_ref(), order.total()), (Some(&address()), Some(eur(1000))));
}

#[test]
fn an_unpaid_order_is_not_finished() {
    assert_eq!(Order::fold(&then(past_of(Shipped), [invoice_unpaid()])).finished_at, None);
}
