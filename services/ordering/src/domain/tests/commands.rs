//! Every command but those about lines, in every status.

use super::*;

#[test]
fn an_order_begins_open_and_empty() {
    given([]).when(create()).then([created()]);
}

#[test]
fn creating_it_again_changes_nothing() {
    for order in orders_not_in([]) {
        order.when(create()).then_nothing();
    }
}

#[test]
fn an_id_is_not_given_to_two_orders() {
    let somebody_elses = Command::Create { customer_id: customer(2), reference: None, at: NOW };
    let other_reference =
        Command::Create { customer_id: customer(1), reference: Some("web-1".parse().unwrap()), at: NOW };
    for order in orders_not_in([]) {
        order.when(somebody_elses.clone()).refused(Refusal::AlreadyExists);
        order.when(other_reference.clone()).refused(Refusal::AlreadyExists);
    }
}

#[test]
fn an_order_that_was_never_created_can_do_nothing() {
    let outcome = report(Outcome::CreditReserved { ship_to: None });
    for command in [add("tea", 1), change("tea", 1), remove("tea"), place(), cancel(), outcome] {
        given([]).when(command).refused(Refusal::UnknownOrder);
    }
}

#[test]
fn whether_it_is_open_is_known_before_what_is_added() {
    for order in orders_not_in([]) {
        let refused = order.state().decide(&add("tea", 1)).err();
        assert_eq!(order.state().check_open().err(), refused, "asked of {:?}", order.state());
    }
    assert_eq!(Order::default().check_open(), Err(Refusal::UnknownOrder));
}

#[test]
fn placing_names_the_total_of_the_lines() {
    given([created(), line_added("tea", 2), line_added("cup", 1)])
        .when(place())
        .then([Event::Placed { total: eur(1500), at: NOW }]);
}

#[test]
fn what_costs_nothing_can_be_ordered() {
    let gift =
        Event::LineAdded { sku: sku("gift"), name: title("gift"), unit_price: eur(0), quantity: quantity(1) };
    given([created(), gift]).when(place()).then([Event::Placed { total: eur(0), at: NOW }]);
}

#[test]
fn an_order_without_lines_is_not_placed() {
    given([created()]).when(place()).refused(Refusal::EmptyOrder);
    given([created(), line_added("tea", 2), Event::LineRemoved { sku: sku("tea") }])
        .when(place())
        .refused(Refusal::EmptyOrder);
}

#[test]
fn only_an_open_order_is_placed() {
    order_in(Open).when(place()).then([placed()]);
    for order in orders_not_in([Open]) {
        order.when(place()).refused(Refusal::OrderLocked);
    }
}

#[test]
fn an_open_order_is_cancelled_at_once() {
    order_in(Open).when(cancel()).then([cancelled()]);
    given([created()]).when(cancel()).then([cancelled()]);
}

#[test]
fn an_order_under_way_is_cancelled_once_everything_is_undone() {
    for status in [Pending, CreditConfirmed, Approved] {
        order_in(status).when(cancel()).then([cancel_started()]);
    }
}

#[test]
fn cancelling_again_changes_nothing() {
    order_in(CancelPending).when(cancel()).then_nothing();
    order_in(Cancelled).when(cancel()).then_nothing();
}

#[test]
fn a_client_may_wish_what_the_carrier_began() {
    order_refused_by_its_carrier().when(cancel()).then([Event::CancelWished]);

    let wished = then(past_of(Approved), [carrier_refused(), Event::CancelWished]);
    given(wished).when(cancel()).then_nothing();
}

#[test]
fn what_has_left_cannot_be_cancelled() {
    order_in(Shipped).when(cancel()).refused(Refusal::AlreadyDispatched);
    order_in(Completed).when(cancel()).refused(Refusal::AlreadyDispatched);
}

#[test]
fn a_cancel_that_was_lost_is_refused_when_asked_again() {
    given(then(past_of(CancelPending), [shipped()])).when(cancel()).refused(Refusal::AlreadyDispatched);
}

#[test]
fn what_was_rejected_cannot_be_cancelled() {
    order_in(Rejected).when(cancel()).refused(Refusal::OrderRejected);
}

#[test]
fn every_refusal_has_a_code_of_its_own() {
    let codes = [
        Refusal::UnknownOrder,
        Refusal::AlreadyExists,
        Refusal::OrderLocked,
        Refusal::EmptyOrder,
        Refusal::UnknownLine,
        Refusal::TooManyLines,
        Refusal::QuantityTooLarge,
        Refusal::CurrencyMismatch,
        Refusal::TotalTooLarge,
        Refusal::AlreadyDispatched,
        Refusal::OrderRejected,
    ]
    .map(|refusal| refusal.code());
    let expected = [
        "UNKNOWN_ORDER",
        "ALREADY_EXISTS",
        "ORDER_LOCKED",
        "EMPTY_ORDER",
        "UNKNOWN_LINE",
        "TOO_MANY_LINES",
        "QUANTITY_TOO_LARGE",
        "CURRENCY_MISMATCH",
        "TOTAL_TOO_LARGE",
        "ALREADY_DISPATCHED",
        "ORDER_REJECTED",
    ];
    assert_eq!(codes, expected);
}
