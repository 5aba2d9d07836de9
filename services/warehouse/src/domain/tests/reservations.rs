//! Every command about an order's stock, in every state that the stock can be in.

use super::*;

#[test]
fn stock_is_reserved_as_long_as_there_is_some() {
    product_with([]).when(reserve(1, 10)).then([reserved(1, 10)]);
    product_with([]).when(reserve(1, 11)).then([refused(1, 11)]);
    given([added(0)]).when(reserve(1, 1)).then([refused(1, 1)]);
}

#[test]
fn other_orders_leave_less_stock() {
    let product = product_with([reserved(1, 4)]);
    product.when(reserve(2, 6)).then([reserved(2, 6)]);
    product.when(reserve(2, 7)).then([refused(2, 7)]);
}

#[test]
fn what_came_in_can_be_reserved() {
    product_with([restocked(5)]).when(reserve(1, 15)).then([reserved(1, 15)]);
}

#[test]
fn what_was_released_can_be_reserved_for_others() {
    product_with([reserved(1, 10), released(1, 10)]).when(reserve(2, 10)).then([reserved(2, 10)]);
}

#[test]
fn what_has_left_cannot_be_reserved() {
    product_with([reserved(1, 10), taken_out(1, 10)]).when(reserve(2, 1)).then([refused(2, 1)]);
}

#[test]
fn what_was_refused_stays_refused_however_much_comes_in() {
    let product = product_with([refused(1, 11), restocked(5)]);
    product.when(reserve(1, 11)).then_nothing();
    product.when(reserve(2, 11)).then([reserved(2, 11)]);
}

#[test]
fn what_was_refused_has_nothing_to_free_or_to_take_out() {
    product_with([refused(1, 11)]).when(release(1)).then_nothing();
    product_with([refused(1, 11)]).when(take_out(1)).then_nothing();
}

#[test]
fn reserving_again_changes_nothing_while_it_is_held_or_has_left() {
    product_with([reserved(1, 4)]).when(reserve(1, 4)).then_nothing();
    product_with([reserved(1, 4), taken_out(1, 4)]).when(reserve(1, 4)).then_nothing();
}

#[test]
fn stock_is_not_reserved_once_it_was_released() {
    product_with([barred(1)]).when(reserve(1, 4)).refused(Refusal::Released);
    product_with([reserved(1, 4), released(1, 4)]).when(reserve(1, 4)).refused(Refusal::Released);
}

#[test]
fn a_release_bars_only_its_own_order() {
    product_with([barred(1)]).when(reserve(2, 4)).then([reserved(2, 4)]);
}

#[test]
fn what_was_never_added_is_not_reserved() {
    no_product().when(reserve(1, 1)).refused(Refusal::UnknownProduct);
}

#[test]
fn releasing_frees_what_was_reserved() {
    product_with([reserved(1, 4)]).when(release(1)).then([released(1, 4)]);
}

#[test]
fn a_release_that_finds_nothing_bars_the_reservation() {
    product_with([]).when(release(1)).then([barred(1)]);
    product_with([reserved(2, 4)]).when(release(1)).then([barred(1)]);
}

#[test]
fn releasing_again_changes_nothing() {
    product_with([barred(1)]).when(release(1)).then_nothing();
    product_with([reserved(1, 4), released(1, 4)]).when(release(1)).then_nothing();
}

#[test]
fn what_has_left_is_not_released() {
    product_with([reserved(1, 4), taken_out(1, 4)]).when(release(1)).then_nothing();
}

#[test]
fn taking_out_lets_go_what_was_reserved() {
    product_with([reserved(1, 4)]).when(take_out(1)).then([taken_out(1, 4)]);
}

#[test]
fn taking_out_again_changes_nothing() {
    product_with([reserved(1, 4), taken_out(1, 4)]).when(take_out(1)).then_nothing();
}

#[test]
fn taking_out_what_is_not_reserved_changes_nothing() {
    product_with([]).when(take_out(1)).then_nothing();
    product_with([barred(1)]).when(take_out(1)).then_nothing();
    product_with([reserved(1, 4), released(1, 4)]).when(take_out(1)).then_nothing();
}

#[test]
fn what_was_never_added_has_nothing_to_free_or_to_take_out() {
    no_product().when(release(1)).then_nothing();
    no_product().when(take_out(1)).then_nothing();
}
