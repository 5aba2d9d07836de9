use contracts::ordering::{OrderStatus, Reason};

use super::{BadWorkload, Expect, Key, Outcome, Run, Step, read};
use chassis::ids::Random;

const CUSTOMER: &str = r#"{"customer": {"key": "c1", "credit_limit": {"amount": 100, "currency": "EUR"}}}"#;
const PRODUCT: &str =
    r#"{"product": {"sku": "tea", "unit_price": {"amount": 1, "currency": "EUR"}, "on_hand": 5}}"#;

fn order(fields: &str) -> String {
    format!(r#"{{"order": {{"key": "o1", "customer": "c1", {fields}}}}}"#)
}

fn good_order() -> String {
    order(r#""items": [{"sku": "tea", "quantity": 2}], "expect": {"status": "COMPLETED"}"#)
}

/// What is wrong with a file of these lines.
fn wrong(lines: &[&str]) -> Vec<(usize, String)> {
    let BadWorkload(bad) = read(&lines.join("\n")).unwrap_err();
    bad.into_iter().map(|line| (line.number, line.what)).collect()
}

/// What is wrong with an order of these fields, in a file that is right otherwise.
fn wrong_order(fields: &str) -> String {
    let bad = wrong(&[CUSTOMER, PRODUCT, &order(fields)]);
    assert_eq!((bad.len(), bad[0].0), (1, 3), "{bad:?}");
    bad[0].1.clone()
}

#[test]
fn a_file_is_read_line_by_line_and_blank_lines_count() {
    let workload = read(&[CUSTOMER, "", PRODUCT, r#"{"barrier": true}"#, &good_order()].join("\n")).unwrap();
    assert_eq!(workload.lines.iter().map(|line| line.number).collect::<Vec<_>>(), [1, 3, 4, 5]);
    assert_eq!(workload.orders(), 1);
    assert_eq!(workload.segments().map(<[_]>::len).collect::<Vec<_>>(), [3, 1]);
    assert!(workload.needs_admin());
}

#[test]
fn every_bad_line_is_told_at_once_with_what_was_expected() {
    let bad = wrong(&[
        "not json",
        CUSTOMER,
        r#"{"custumer": {}}"#,
        r#"{"product": {"sku": "green tea", "unit_price": {"amount": 1, "currency": "EUR"}, "on_hand": 5}}"#,
        &order(r#""items": [{"sku": "tea", "quantity": 0}], "expect": {"status": "COMPLETED"}"#),
        r#"{"barrier": false}"#,
    ]);
    let numbers: Vec<_> = bad.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, [1, 3, 4, 5, 6], "{bad:#?}");
    let told: Vec<_> = bad.into_iter().map(|(_, what)| what).collect();
    assert!(told[1].contains("expected one of `customer`, `product`, `price`"), "{}", told[1]);
    assert!(told[2].starts_with("product.sku: a sku has 1 to 64 letters"), "{}", told[2]);
    assert!(told[3].starts_with("order.items[0].quantity: a quantity is a whole number"), "{}", told[3]);
    assert_eq!(told[4], "a barrier is `true`");
}

#[test]
fn an_unknown_field_is_told_with_those_that_there_are() {
    let told = wrong_order(r#""items": [], "cancel": "OPEN", "expect": {"status": "COMPLETED"}"#);
    assert!(told.contains("unknown field `cancel`") && told.contains("`cancel_at`"), "{told}");
}

#[test]
fn an_order_without_an_expectation_is_a_bad_line() {
    assert!(wrong_order(r#""items": [{"sku": "tea", "quantity": 1}]"#).contains("missing field `expect`"));
}

#[test]
fn one_line_says_one_thing() {
    let two = format!("{CUSTOMER}{PRODUCT}");
    assert_eq!(wrong(&[&two]), [(1, "expected one JSON object with one field, and nothing after it".into())]);
}

#[test]
fn names_are_defined_once_and_before_they_are_used() {
    assert_eq!(
        wrong(&[CUSTOMER, CUSTOMER, &good_order(), PRODUCT]),
        [
            (2, "the customer `c1` is in line 1 already".into()),
            (3, "the product `tea` comes only in line 4".into())
        ]
    );
    assert_eq!(
        wrong(&[r#"{"restock": {"sku": "tea", "quantity": 1}}"#]),
        [(1, "no line adds the product `tea`".into())]
    );
    assert_eq!(
        wrong(&[r#"{"limit": {"customer": "c1", "credit_limit": {"amount": 1, "currency": "EUR"}}}"#]),
        [(1, "no line adds the customer `c1`".into())]
    );
}

#[test]
fn what_a_malformed_line_may_have_defined_is_not_missed() {
    let bad = wrong(&[CUSTOMER, r#"{"product": {"sku": "tea"}}"#, &good_order()]);
    assert_eq!(bad.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [2]);
}

#[test]
fn an_order_of_nobody_is_one_that_is_expected_to_be_rejected() {
    let of = |status: &str| {
        [
            PRODUCT.to_owned(),
            order(&format!(
                r#""items": [{{"sku": "tea", "quantity": 1}}], "expect": {{"status": "{status}"}}"#
            )),
        ]
        .join("\n")
    };
    read(&of("REJECTED")).unwrap();
    let BadWorkload(bad) = read(&of("COMPLETED")).unwrap_err();
    assert!(bad[0].what.contains("no line registers the customer `c1`"), "{bad:?}");
}

#[test]
fn an_expectation_that_cannot_come_true_is_a_bad_line() {
    let items = r#""items": [{"sku": "tea", "quantity": 1}]"#;
    let told =
        wrong_order(&format!(r#"{items}, "expect": {{"status": ["COMPLETED"], "reason": "OUT_OF_STOCK"}}"#));
    assert_eq!(told, "an order that ends COMPLETED does not give the reason OUT_OF_STOCK");
    assert!(wrong_order(&format!(r#"{items}, "expect": {{"status": []}}"#)).contains("at least one of"));
    assert!(wrong_order(&format!(r#"{items}, "expect": {{"status": "OPEN"}}"#)).contains("`COMPLETED`"));
}

#[test]
fn changes_are_about_lines_that_are_there_and_leave_something() {
    let expect = r#""expect": {"status": "COMPLETED"}"#;
    let removed = format!(
        r#""items": [{{"sku": "tea", "quantity": 1}}], "changes": [{{"remove": {{"sku": "tea"}}}}], {expect}"#
    );
    assert_eq!(wrong_order(&removed), "the order has nothing in it to place");
    let changed =
        format!(r#""items": [], "changes": [{{"change": {{"sku": "tea", "quantity": 2}}}}], {expect}"#);
    assert_eq!(wrong_order(&changed), "the order has no `tea` that could be changed or removed");
}

#[test]
fn a_name_must_leave_room_for_the_prefix_of_a_run() {
    let sku = "x".repeat(56);
    let product = PRODUCT.replace("tea", &sku);
    assert_eq!(wrong(&[&product]), [(1, format!("the sku `{sku}` has more than 55 characters"))]);
    let run = Run::new(&Random::seeded(1));
    assert_eq!(run.sku(&"x".repeat(55).parse().unwrap()).unwrap().as_str().len(), 64);
    run.reference(&Key::try_from("k".repeat(Key::MOST)).unwrap()).unwrap();
}

#[test]
fn an_empty_file_is_not_a_workload() {
    assert_eq!(wrong(&["", "  "]).len(), 1);
}

fn expect(json: &str) -> Expect {
    serde_json::from_str(json).unwrap()
}

#[test]
fn a_status_and_a_reason_can_be_one_or_a_list() {
    let listed = expect(r#"{"status": ["REJECTED"], "reason": ["OUT_OF_STOCK"]}"#);
    assert_eq!(expect(r#"{"status": "REJECTED", "reason": "OUT_OF_STOCK"}"#), listed);
    assert_eq!(expect(r#"{"status": "CANCELLED", "reason": null}"#).reason, [None]);
    assert_eq!(expect(r#"{"status": "CANCELLED"}"#).reason, []);
}

#[test]
fn another_outcome_than_expected_is_told() {
    let either = expect(r#"{"status": ["COMPLETED", "CANCELLED"]}"#);
    assert_eq!(either.differs(OrderStatus::Cancelled, Some(Reason::CarrierRefused)), None);
    assert_eq!(
        either.differs(OrderStatus::Rejected, Some(Reason::OutOfStock)).unwrap(),
        "REJECTED (OUT_OF_STOCK) instead of COMPLETED or CANCELLED"
    );
}

#[test]
fn a_reason_is_compared_where_the_outcome_may_give_it() {
    let scarce = expect(r#"{"status": ["COMPLETED", "REJECTED"], "reason": "OUT_OF_STOCK"}"#);
    assert_eq!(scarce.differs(OrderStatus::Completed, None), None);
    assert_eq!(scarce.differs(OrderStatus::Rejected, Some(Reason::OutOfStock)), None);
    assert_eq!(
        scarce.differs(OrderStatus::Rejected, Some(Reason::InsufficientCredit)).unwrap(),
        "REJECTED (INSUFFICIENT_CREDIT) instead of REJECTED (OUT_OF_STOCK)"
    );
    let own_wish = expect(r#"{"status": "CANCELLED", "reason": null}"#);
    assert_eq!(own_wish.differs(OrderStatus::Cancelled, None), None);
    assert!(own_wish.differs(OrderStatus::Cancelled, Some(Reason::CarrierRefused)).is_some());
}

#[test]
fn runs_have_ids_of_their_own() {
    let random = Random::seeded(7);
    let (one, other) = (Run::new(&random), Run::new(&random));
    assert_ne!(one, other);
    assert_eq!(one.to_string().len(), 8);
    let key = Key::try_from("c1".to_owned()).unwrap();
    assert_ne!(one.nobody(&key), other.nobody(&key));
    assert_eq!(Expect::only(Outcome::Shipped).status, [Outcome::Shipped]);
    assert!(matches!(read(CUSTOMER).unwrap().lines[0].step, Step::Customer(_)));
}
