//! Every outcome that the other services report, in every status.

use super::*;

#[test]
fn reserved_credit_confirms_a_pending_order_and_says_where_it_goes() {
    let outcome = || report(Outcome::CreditReserved { ship_to: Some(address()) });
    order_in(Pending).when(outcome()).then([Event::CreditConfirmed { ship_to: Some(address()), at: NOW }]);
    for order in orders_not_in([Pending]) {
        order.when(outcome()).then_nothing();
    }
}

#[test]
fn refused_credit_rejects_a_pending_order() {
    for reason in [Reason::UnknownCustomer, Reason::InsufficientCredit, Reason::CurrencyMismatch] {
        let outcome = || report(Outcome::CreditRefused { reason });
        order_in(Pending).when(outcome()).then([rejected(reason)]);
        for order in orders_not_in([Pending]) {
            order.when(outcome()).then_nothing();
        }
    }
}

#[test]
fn reserved_stock_approves_and_implies_the_credit() {
    let outcome = || report(Outcome::StockReserved);
    order_in(Pending).when(outcome()).then([credit_confirmed(), approved()]);
    order_in(CreditConfirmed).when(outcome()).then([approved()]);
    for order in orders_not_in([Pending, CreditConfirmed]) {
        order.when(outcome()).then_nothing();
    }
}

#[test]
fn refused_stock_implies_the_credit_and_rejects_nothing_yet() {
    let outcome = || report(Outcome::StockRefused);
    order_in(Pending).when(outcome()).then([credit_confirmed()]);
    for order in orders_not_in([Pending]) {
        order.when(outcome()).then_nothing();
    }
}

#[test]
fn credit_released_for_want_of_stock_rejects() {
    let outcome = || report(Outcome::CreditReleased { because: Some(Reason::OutOfStock) });
    order_in(Pending).when(outcome()).then([credit_confirmed(), rejected(Reason::OutOfStock)]);
    order_in(CreditConfirmed).when(outcome()).then([rejected(Reason::OutOfStock)]);
    order_in(CancelPending).when(outcome()).then([cancelled()]);
    for order in orders_not_in([Pending, CreditConfirmed, CancelPending]) {
        order.when(outcome()).then_nothing();
    }
}

#[test]
fn credit_released_at_the_end_of_an_undoing_cancels() {
    for because in [None, Some(Reason::CarrierRefused)] {
        let outcome = || report(Outcome::CreditReleased { because });
        order_in(CancelPending).when(outcome()).then([cancelled()]);
        order_refused_by_its_carrier().when(outcome()).then([cancelled()]);
        for order in orders_not_in([CancelPending]) {
            order.when(outcome()).then_nothing();
        }
    }
}

#[test]
fn dispatched_ships_and_implies_credit_and_stock() {
    let outcome = || report(Outcome::Dispatched);
    order_in(Pending).when(outcome()).then([credit_confirmed(), approved(), shipped()]);
    order_in(CreditConfirmed).when(outcome()).then([approved(), shipped()]);
    order_in(Approved).when(outcome()).then([shipped()]);
    order_in(CancelPending).when(outcome()).then([shipped()]);
    for order in orders_not_in([Pending, CreditConfirmed, Approved, CancelPending]) {
        order.when(outcome()).then_nothing();
    }
}

#[test]
fn a_refusal_of_the_carrier_starts_the_undoing_and_implies_credit_and_stock() {
    let outcome = || report(Outcome::CarrierRefused);
    order_in(Pending).when(outcome()).then([credit_confirmed(), approved(), carrier_refused()]);
    order_in(CreditConfirmed).when(outcome()).then([approved(), carrier_refused()]);
    order_in(Approved).when(outcome()).then([carrier_refused()]);
    order_refused_by_its_carrier().when(outcome()).then_nothing();
    for order in orders_not_in([Pending, CreditConfirmed, Approved]) {
        order.when(outcome()).then_nothing();
    }
}

#[test]
fn what_follows_the_dispatch_is_remembered_and_implies_it() {
    let reports = [
        (Outcome::StockTakenOut, Event::StockTakenOut),
        (Outcome::InvoicePaid, Event::InvoicePaid),
        (Outcome::InvoiceUnpaid, invoice_unpaid()),
        (Outcome::CreditSettled, Event::CreditSettled),
    ];
    for (outcome, event) in reports {
        let outcome = || report(outcome.clone());
        let event = || event.clone();
        order_in(Pending).when(outcome()).then([credit_confirmed(), approved(), shipped(), event()]);
        order_in(CreditConfirmed).when(outcome()).then([approved(), shipped(), event()]);
        order_in(Approved).when(outcome()).then([shipped(), event()]);
        order_in(CancelPending).when(outcome()).then([shipped(), event()]);
        order_in(Shipped).when(outcome()).then([event()]);
        given(then(past_of(Shipped), [event()])).when(outcome()).then_nothing();
        for order in orders_not_in([Pending, CreditConfirmed, Approved, CancelPending, Shipped]) {
            order.when(outcome()).then_nothing();
        }
    }
}

#[test]
fn an_order_is_completed_by_the_last_of_the_three() {
    use Event::{CreditSettled, InvoicePaid, StockTakenOut};
    let done = |events: [Event; 2]| given(then(past_of(Shipped), events));
    done([InvoicePaid, CreditSettled])
        .when(report(Outcome::StockTakenOut))
        .then([StockTakenOut, completed()]);
    done([StockTakenOut, CreditSettled]).when(report(Outcome::InvoicePaid)).then([InvoicePaid, completed()]);
    done([StockTakenOut, InvoicePaid])
        .when(report(Outcome::CreditSettled))
        .then([CreditSettled, completed()]);
}

#[test]
fn an_unpaid_order_completes_when_it_is_paid_later() {
    let unpaid = then(past_of(Shipped), [Event::StockTakenOut, invoice_unpaid()]);
    given(unpaid.clone()).when(report(Outcome::InvoicePaid)).then([Event::InvoicePaid]);
    given(then(unpaid, [Event::InvoicePaid]))
        .when(report(Outcome::CreditSettled))
        .then([Event::CreditSettled, completed()]);
}

#[test]
fn a_refused_payment_completes_nothing() {
    given(then(past_of(Shipped), [Event::StockTakenOut, Event::CreditSettled]))
        .when(report(Outcome::InvoiceUnpaid))
        .then([invoice_unpaid()]);
}

#[test]
fn a_payment_that_was_made_is_not_refused_any_more() {
    given(then(past_of(Shipped), [Event::InvoicePaid])).when(report(Outcome::InvoiceUnpaid)).then_nothing();
}
