//! Every command about an order's credit, in every state that the credit can be in.

use super::*;

#[test]
fn credit_is_reserved_up_to_the_limit() {
    customer_with([]).when(reserve(1, eur(1000))).then([reserved(1, eur(1000))]);
    customer_with([]).when(reserve(1, eur(1001))).then([insufficient(1, eur(1001))]);
}

#[test]
fn other_orders_leave_less_credit() {
    let customer = customer_with([reserved(1, eur(300))]);
    customer.when(reserve(2, eur(700))).then([reserved(2, eur(700))]);
    customer.when(reserve(2, eur(701))).then([insufficient(2, eur(701))]);
}

#[test]
fn what_costs_nothing_needs_no_credit_but_is_reserved() {
    customer_with([reserved(1, eur(1000))]).when(reserve(2, eur(0))).then([reserved(2, eur(0))]);
}

#[test]
fn the_largest_amount_is_refused_without_overflow() {
    customer_with([reserved(1, eur(1000))])
        .when(reserve(2, eur(Money::MAX)))
        .then([insufficient(2, eur(Money::MAX))]);
}

#[test]
fn credit_is_reserved_in_the_currency_of_the_limit() {
    let mismatch = |amount| refused(1, amount, CreditRefusal::CurrencyMismatch);
    customer_with([]).when(reserve(1, usd(1))).then([mismatch(usd(1))]);
    customer_with([]).when(reserve(1, usd(9999))).then([mismatch(usd(9999))]);
}

#[test]
fn what_was_refused_stays_refused_however_much_credit_there_is_by_then() {
    let customer = customer_with([reserved(1, eur(1000)), insufficient(2, eur(1)), settled(1, eur(1000))]);
    customer.when(reserve(2, eur(1))).then_nothing();
    customer.when(reserve(3, eur(1))).then([reserved(3, eur(1))]);
}

#[test]
fn what_was_refused_has_nothing_to_free() {
    let customer = customer_with([insufficient(1, eur(1001))]);
    customer.when(release(1)).then_nothing();
    customer.when(settle(1)).then_nothing();
}

#[test]
fn reserving_again_changes_nothing_while_it_is_held_or_settled() {
    customer_with([reserved(1, eur(300))]).when(reserve(1, eur(300))).then_nothing();
    customer_with([reserved(1, eur(300)), settled(1, eur(300))]).when(reserve(1, eur(300))).then_nothing();
}

#[test]
fn credit_is_not_reserved_once_it_was_released() {
    customer_with([barred(1)]).when(reserve(1, eur(300))).refused(Refusal::Released);
    customer_with([reserved(1, eur(300)), released(1, eur(300))])
        .when(reserve(1, eur(300)))
        .refused(Refusal::Released);
}

#[test]
fn a_release_bars_only_its_own_order() {
    customer_with([barred(1)]).when(reserve(2, eur(300))).then([reserved(2, eur(300))]);
}

#[test]
fn who_never_registered_has_no_credit() {
    nobody().when(reserve(1, eur(0))).refused(Refusal::UnknownCustomer);
}

#[test]
fn releasing_frees_what_was_reserved() {
    customer_with([reserved(1, eur(300))]).when(release(1)).then([released(1, eur(300))]);
}

#[test]
fn a_release_that_finds_nothing_bars_the_reservation() {
    customer_with([]).when(release(1)).then([barred(1)]);
    customer_with([reserved(2, eur(300))]).when(release(1)).then([barred(1)]);
}

#[test]
fn releasing_again_changes_nothing() {
    customer_with([barred(1)]).when(release(1)).then_nothing();
    customer_with([reserved(1, eur(300)), released(1, eur(300))]).when(release(1)).then_nothing();
}

#[test]
fn what_was_settled_is_not_released() {
    customer_with([reserved(1, eur(300)), settled(1, eur(300))]).when(release(1)).then_nothing();
}

#[test]
fn settling_frees_what_was_reserved() {
    customer_with([reserved(1, eur(300))]).when(settle(1)).then([settled(1, eur(300))]);
}

#[test]
fn settling_again_changes_nothing() {
    customer_with([reserved(1, eur(300)), settled(1, eur(300))]).when(settle(1)).then_nothing();
}

#[test]
fn settling_what_is_not_reserved_changes_nothing() {
    customer_with([]).when(settle(1)).then_nothing();
    customer_with([barred(1)]).when(settle(1)).then_nothing();
    customer_with([reserved(1, eur(300)), released(1, eur(300))]).when(settle(1)).then_nothing();
}

#[test]
fn who_never_registered_has_nothing_to_free() {
    nobody().when(release(1)).then_nothing();
    nobody().when(settle(1)).then_nothing();
}

#[test]
fn credit_revolves() {
    customer_with([reserved(1, eur(1000)), settled(1, eur(1000))])
        .when(reserve(2, eur(1000)))
        .then([reserved(2, eur(1000))]);
}
