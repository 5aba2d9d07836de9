//! Registering, and what a customer may owe.

use super::*;

#[test]
fn somebody_becomes_a_customer() {
    nobody().when(register()).then([registered(eur(1000))]);
}

#[test]
fn registering_again_changes_nothing_even_if_the_limit_is_another_by_now() {
    customer_with([]).when(register()).then_nothing();
    customer_with([limit_changed(usd(5))]).when(register()).then_nothing();
}

#[test]
fn an_id_is_not_given_to_two_customers() {
    customer_with([]).when(register_as("Charles Babbage")).refused(Refusal::AlreadyExists);
}

#[test]
fn a_limit_may_be_raised_and_lowered() {
    customer_with([]).when(change_limit(eur(2000))).then([limit_changed(eur(2000))]);
    customer_with([]).when(change_limit(eur(0))).then([limit_changed(eur(0))]);
    customer_with([]).when(change_limit(eur(Money::MAX))).then([limit_changed(eur(Money::MAX))]);
}

#[test]
fn a_limit_changed_to_what_it_is_changes_nothing() {
    customer_with([]).when(change_limit(eur(1000))).then_nothing();
    customer_with([reserved(1, eur(1000))]).when(change_limit(eur(1000))).then_nothing();
}

#[test]
fn a_limit_is_never_below_what_is_reserved() {
    let customer = customer_with([reserved(1, eur(300)), reserved(2, eur(400))]);
    customer.when(change_limit(eur(700))).then([limit_changed(eur(700))]);
    customer.when(change_limit(eur(699))).refused(Refusal::LimitBelowReserved);
}

#[test]
fn a_limit_may_be_lowered_once_the_credit_is_free_again() {
    customer_with([reserved(1, eur(300)), released(1, eur(300))])
        .when(change_limit(eur(0)))
        .then([limit_changed(eur(0))]);
    customer_with([reserved(1, eur(300)), settled(1, eur(300))])
        .when(change_limit(eur(0)))
        .then([limit_changed(eur(0))]);
}

#[test]
fn the_currency_of_a_limit_changes_only_while_nothing_is_reserved() {
    customer_with([]).when(change_limit(usd(1000))).then([limit_changed(usd(1000))]);
    customer_with([reserved(1, eur(1))]).when(change_limit(usd(1000))).refused(Refusal::CurrencyMismatch);
    customer_with([reserved(1, eur(1)), settled(1, eur(1))])
        .when(change_limit(usd(1000)))
        .then([limit_changed(usd(1000))]);
}

#[test]
fn credit_is_reserved_in_the_new_currency_once_the_limit_has_changed() {
    let customer = customer_with([limit_changed(usd(50))]);
    customer.when(reserve(1, usd(50))).then([reserved(1, usd(50))]);
    customer.when(reserve(1, eur(50))).then([refused(1, eur(50), CreditRefusal::CurrencyMismatch)]);
}

#[test]
fn who_never_registered_has_no_limit_to_change() {
    nobody().when(change_limit(eur(1))).refused(Refusal::UnknownCustomer);
}

#[test]
fn what_is_available_is_what_the_limit_leaves() {
    let available = |customer: &Given<Customer>| {
        let account = customer.state().account.as_ref().unwrap();
        (account.credit_reserved, account.credit_available())
    };
    assert_eq!(available(&customer_with([])), (eur(0), eur(1000)));
    assert_eq!(available(&customer_with([reserved(1, eur(300))])), (eur(300), eur(700)));
    assert_eq!(
        available(&customer_with([reserved(1, eur(300)), released(1, eur(300))])),
        (eur(0), eur(1000))
    );
    assert_eq!(available(&customer_with([limit_changed(usd(5))])), (usd(0), usd(5)));
}

#[test]
fn who_never_registered_does_not_exist() {
    assert!(!nobody().state().exists());
    assert!(customer_with([]).state().exists());
}

#[test]
fn every_refusal_has_a_code_of_its_own() {
    assert_eq!(Refusal::UnknownCustomer.code(), "UNKNOWN_CUSTOMER");
    assert_eq!(Refusal::AlreadyExists.code(), "ALREADY_EXISTS");
    assert_eq!(Refusal::CurrencyMismatch.code(), "CURRENCY_MISMATCH");
    assert_eq!(Refusal::LimitBelowReserved.code(), "LIMIT_BELOW_RESERVED");
    assert_eq!(Refusal::Released.code(), "RELEASED");
}
