//! Messages: what other releases send is read as far as it is known.

use contracts::{customers, ordering, warehouse};

#[test]
fn unknown_fields_of_a_message_are_ignored() {
    let json = r#"{"reply": "stock_refused", "reason": "OUT_OF_STOCK", "since": "a later release"}"#;
    let reply: warehouse::Reply = serde_json::from_str(json).unwrap();
    assert_eq!(reply, warehouse::Reply::StockRefused { reason: warehouse::StockRefusal::OutOfStock });
}

#[test]
fn an_unknown_kind_of_message_is_an_error_and_not_a_guess() {
    assert!(serde_json::from_str::<customers::Command>(r#"{"command": "forgive_debt"}"#).is_err());
}

#[test]
fn an_event_names_itself_in_the_tag_that_its_type_is_made_of() {
    let json = serde_json::to_value(ordering::Event::StockTakenOut).unwrap();
    assert_eq!(json, serde_json::json!({"event": "stock_taken_out"}));
}

#[test]
fn statuses_are_written_as_the_public_contract_has_them() {
    let json = serde_json::to_string(&ordering::OrderStatus::CreditConfirmed).unwrap();
    assert_eq!(json, r#""CREDIT_CONFIRMED""#);
}
