//! Money and counts.

use contracts::{Count, Currency, Money, Quantity, values::MoneyError};
use proptest::prelude::*;

fn eur(amount: i64) -> Money {
    Money::new(amount, Currency::EUR).expect("an amount in range")
}

#[test]
fn money_is_minor_units_and_a_code_on_the_wire() {
    let json = r#"{"amount":1299,"currency":"EUR"}"#;
    let money: Money = serde_json::from_str(json).unwrap();
    assert_eq!(money, eur(1299));
    assert_eq!(serde_json::to_string(&money).unwrap(), json);
}

#[test]
fn money_that_is_negative_too_large_fractional_or_of_no_currency_is_refused() {
    for json in [
        r#"{"amount":-1,"currency":"EUR"}"#,
        r#"{"amount":9007199254740992,"currency":"EUR"}"#,
        r#"{"amount":12.99,"currency":"EUR"}"#,
        r#"{"amount":1,"currency":"eur"}"#,
        r#"{"amount":1,"currency":"XXQ"}"#,
        r#"{"amount":1}"#,
    ] {
        assert!(serde_json::from_str::<Money>(json).is_err(), "{json}");
    }
}

#[test]
fn two_currencies_are_never_added() {
    let dollars = Money::new(1, Currency::USD).unwrap();
    assert_eq!(eur(1).plus(dollars), Err(MoneyError::CurrencyMismatch));
    assert_eq!(eur(1).minus(dollars), Err(MoneyError::CurrencyMismatch));
}

proptest! {
    #[test]
    fn sums_are_exact_or_refused(a in 0..=Money::MAX, b in 0..=Money::MAX) {
        let exact = i128::from(a) + i128::from(b);
        match eur(a).plus(eur(b)) {
            Ok(sum) => prop_assert_eq!(i128::from(sum.amount()), exact),
            Err(error) => {
                prop_assert_eq!(error, MoneyError::OutOfRange);
                prop_assert!(exact > i128::from(Money::MAX));
            }
        }
    }

    #[test]
    fn what_is_taken_away_can_be_added_again(a in 0..=Money::MAX, b in 0..=Money::MAX) {
        match eur(a).minus(eur(b)) {
            Ok(rest) => prop_assert_eq!(rest.plus(eur(b)), Ok(eur(a))),
            Err(_) => prop_assert!(b > a),
        }
    }

    #[test]
    fn a_price_times_a_quantity_never_wraps(price in 0..=Money::MAX, quantity in 1..=Quantity::MAX) {
        let exact = i128::from(price) * i128::from(quantity);
        match eur(price).times(quantity) {
            Ok(cost) => prop_assert_eq!(i128::from(cost.amount()), exact),
            Err(_) => prop_assert!(exact > i128::from(Money::MAX)),
        }
    }

    #[test]
    fn quantities_and_counts_hold_their_ranges(pieces in any::<i64>()) {
        prop_assert_eq!(Quantity::new(pieces).is_ok(), (1..=1_000_000).contains(&pieces));
        prop_assert_eq!(Count::new(pieces).is_ok(), (0..=1_000_000_000_000).contains(&pieces));
    }
}
