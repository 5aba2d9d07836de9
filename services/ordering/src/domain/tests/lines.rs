//! Every command about lines, in every status, and the limits of lines.

use super::*;
use crate::domain::Lines;

#[test]
fn a_product_is_added_with_its_name_and_price() {
    given([created()]).when(add("tea", 2)).then([line_added("tea", 2)]);
}

#[test]
fn adding_a_product_again_adds_to_its_line() {
    order_in(Open).when(add("tea", 3)).then([line_changed("tea", 5)]);
}

#[test]
fn a_line_keeps_the_name_and_price_that_it_was_first_added_with() {
    let dearer =
        Command::AddLine { sku: sku("tea"), name: title("Tee"), unit_price: eur(900), quantity: quantity(3) };
    order_in(Open).when(dearer).then([line_changed("tea", 5)]);

    let order = given(then(past_of(Open), [line_changed("tea", 5)]));
    let [line] = &order.state().lines[..] else { panic!("there is one line") };
    assert_eq!((&line.name, line.unit_price, line.quantity), (&title("tea"), eur(500), quantity(5)));
}

#[test]
fn a_line_is_kept_even_where_the_product_is_now_priced_in_another_currency() {
    let repriced = add_priced("tea", 1, Money::new(500, Currency::USD).unwrap());
    order_in(Open).when(repriced).then([line_changed("tea", 3)]);
}

#[test]
fn the_quantity_of_a_line_is_changed() {
    order_in(Open).when(change("tea", 7)).then([line_changed("tea", 7)]);
}

#[test]
fn changing_a_line_to_what_it_is_changes_nothing() {
    order_in(Open).when(change("tea", 2)).then_nothing();
}

#[test]
fn a_line_that_is_not_there_cannot_be_changed() {
    order_in(Open).when(change("cup", 1)).refused(Refusal::UnknownLine);
}

#[test]
fn a_line_is_removed() {
    order_in(Open).when(remove("tea")).then([Event::LineRemoved { sku: sku("tea") }]);
}

#[test]
fn removing_a_line_that_is_not_there_changes_nothing() {
    order_in(Open).when(remove("cup")).then_nothing();
}

#[test]
fn only_an_open_order_lets_its_lines_be_changed() {
    for order in orders_not_in([Open]) {
        for command in
            [add("tea", 1), add("cup", 1), change("tea", 7), change("cup", 7), remove("tea"), remove("cup")]
        {
            order.when(command).refused(Refusal::OrderLocked);
        }
    }
}

#[test]
fn lines_stay_in_the_order_in_which_they_were_first_added() {
    let order = given([
        created(),
        line_added("tea", 1),
        line_added("cup", 1),
        line_added("pot", 1),
        line_changed("tea", 9),
        Event::LineRemoved { sku: sku("cup") },
        line_added("cup", 1),
    ]);
    let skus: Vec<&str> = order.state().lines.iter().map(|line| line.sku.as_str()).collect();
    assert_eq!(skus, ["tea", "pot", "cup"]);
}

#[test]
fn an_order_has_at_most_a_hundred_lines() {
    let with = |count| {
        let lines = (0..count).map(|n| line_added(&format!("sku-{n}"), 1));
        given([created()].into_iter().chain(lines))
    };
    with(99).when(add("tea", 1)).then([line_added("tea", 1)]);
    with(100).when(add("tea", 1)).refused(Refusal::TooManyLines);
    with(100).when(add("sku-7", 1)).then([line_changed("sku-7", 2)]);
    assert_eq!(Lines::MAX, 100);
}

#[test]
fn a_line_has_at_most_a_million_pieces() {
    given([created(), line_added("tea", 999_999)]).when(add("tea", 1)).then([line_changed("tea", 1_000_000)]);
    given([created(), line_added("tea", 1_000_000)]).when(add("tea", 1)).refused(Refusal::QuantityTooLarge);
}

#[test]
fn an_order_has_one_currency() {
    let dollars = || add_priced("cup", 1, Money::new(500, Currency::USD).unwrap());
    order_in(Open).when(dollars()).refused(Refusal::CurrencyMismatch);

    let emptied = then(past_of(Open), [Event::LineRemoved { sku: sku("tea") }]);
    let Command::AddLine { sku, name, unit_price, quantity } = dollars() else { unreachable!() };
    given(emptied).when(dollars()).then([Event::LineAdded { sku, name, unit_price, quantity }]);
}

#[test]
fn the_total_is_an_amount_of_money() {
    let dearest = |pieces| add_priced("gold", pieces, eur(Money::MAX));
    given([created()]).when(dearest(2)).refused(Refusal::TotalTooLarge);
    order_in(Open).when(dearest(1)).refused(Refusal::TotalTooLarge);

    let gold = Event::LineAdded {
        sku: sku("gold"),
        name: title("gold"),
        unit_price: eur(Money::MAX),
        quantity: quantity(1),
    };
    given([created()]).when(dearest(1)).then([gold.clone()]);
    given([created(), gold.clone()]).when(dearest(1)).refused(Refusal::TotalTooLarge);
    given([created(), gold]).when(change("gold", 2)).refused(Refusal::TotalTooLarge);
}
