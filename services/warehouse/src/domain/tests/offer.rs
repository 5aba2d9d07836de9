//! What is offered, and how many came in.

use super::*;

#[test]
fn a_product_is_added_with_what_there_is_of_it() {
    no_product().when(add(10)).then([added(10)]);
    no_product().when(add(0)).then([added(0)]);
    no_product().when(add(Count::MAX)).then([added(Count::MAX)]);
}

#[test]
fn a_sku_is_added_once() {
    product_with([]).when(add(10)).refused(Refusal::AlreadyExists);
    product_with([]).when(add(11)).refused(Refusal::AlreadyExists);
}

#[test]
fn a_product_can_be_renamed() {
    product_with([]).when(rename("Tea")).then([renamed("Tea")]);
    product_with([renamed("Tea")]).when(rename("Green tea")).then([renamed("Green tea")]);
}

#[test]
fn renaming_it_to_what_it_is_called_changes_nothing() {
    product_with([]).when(rename("Green tea")).then_nothing();
    product_with([renamed("Tea")]).when(rename("Tea")).then_nothing();
}

#[test]
fn a_product_can_be_repriced_in_any_currency() {
    product_with([]).when(reprice(eur(600))).then([repriced(eur(600))]);
    product_with([]).when(reprice(eur(0))).then([repriced(eur(0))]);
    product_with([reserved(1, 5)]).when(reprice(usd(500))).then([repriced(usd(500))]);
}

#[test]
fn repricing_it_to_what_it_costs_changes_nothing() {
    product_with([]).when(reprice(eur(500))).then_nothing();
    product_with([repriced(usd(500))]).when(reprice(usd(500))).then_nothing();
}

#[test]
fn more_may_come_in_any_time() {
    product_with([]).when(restock(5)).then([restocked(5)]);
    product_with([restocked(5)]).when(restock(5)).then([restocked(5)]);
    product_with([reserved(1, 10)]).when(restock(5)).then([restocked(5)]);
}

#[test]
fn no_more_can_ever_come_in_than_can_be_counted() {
    given([added(Count::MAX - 1)]).when(restock(1)).then([restocked(1)]);
    given([added(Count::MAX)]).when(restock(1)).refused(Refusal::CountTooLarge);

    let sold = [added(Count::MAX), reserved(1, 5), taken_out(1, 5)];
    given(sold).when(restock(5)).refused(Refusal::CountTooLarge);
}

#[test]
fn what_was_never_added_cannot_be_changed() {
    for command in [rename("Tea"), reprice(eur(600)), restock(5)] {
        no_product().when(command).refused(Refusal::UnknownProduct);
    }
}

#[test]
fn the_offer_is_the_latest() {
    let product = product_with([renamed("Tea"), repriced(usd(700))]);
    let offer = product.state().offer.as_ref().unwrap();
    assert_eq!((&offer.name, offer.unit_price), (&name("Tea"), usd(700)));
}

#[test]
fn the_counts_tell_what_came_in_what_is_there_and_what_is_spoken_for() {
    let counts = |product: &Given<Product>| {
        let stock = product.state().stock;
        [stock.received, stock.on_hand, stock.reserved, stock.available()].map(Count::get)
    };
    assert_eq!(counts(&no_product()), [0, 0, 0, 0]);
    assert_eq!(counts(&product_with([])), [10, 10, 0, 10]);
    assert_eq!(counts(&product_with([restocked(5)])), [15, 15, 0, 15]);
    assert_eq!(counts(&product_with([reserved(1, 4)])), [10, 10, 4, 6]);
    assert_eq!(counts(&product_with([reserved(1, 4), released(1, 4)])), [10, 10, 0, 10]);
    assert_eq!(counts(&product_with([reserved(1, 4), taken_out(1, 4)])), [10, 6, 0, 6]);
    assert_eq!(counts(&product_with([barred(1)])), [10, 10, 0, 10]);
}

#[test]
fn what_was_never_added_does_not_exist() {
    assert!(!no_product().state().exists());
    assert!(product_with([]).state().exists());
}

#[test]
fn every_refusal_has_a_code_of_its_own() {
    assert_eq!(Refusal::UnknownProduct.code(), "UNKNOWN_PRODUCT");
    assert_eq!(Refusal::AlreadyExists.code(), "ALREADY_EXISTS");
    assert_eq!(Refusal::Released.code(), "RELEASED");
    assert_eq!(Refusal::CountTooLarge.code(), "COUNT_TOO_LARGE");
}

#[test]
fn a_corrected_price_is_the_price_from_now_on_only_if_it_was_not_changed_since() {
    let effective_from = Timestamp::from_micros(0);
    for (in_force, costs) in [(true, 450), (false, 500)] {
        let correct = Command::CorrectPrice { unit_price: eur(450), effective_from, in_force };
        let corrected = Event::PriceCorrected { unit_price: eur(450), effective_from, in_force };
        product_with([]).when(correct).then([corrected.clone()]);
        assert_eq!(product_with([corrected]).state().offer.as_ref().unwrap().unit_price, eur(costs));
    }
}

#[test]
fn what_does_not_exist_has_no_price_to_correct() {
    let effective_from = Timestamp::from_micros(0);
    let correct = Command::CorrectPrice { unit_price: eur(450), effective_from, in_force: true };
    no_product().when(correct).refused(Refusal::UnknownProduct);
}
