use std::io;

use super::*;

#[derive(Debug, thiserror::Error)]
#[error("appending to `orders`")]
struct Appending(#[source] io::Error);

fn failure() -> Appending {
    Appending(io::Error::other("disk 7 at 10.0.0.1 is gone"))
}

#[test]
fn the_chain_tells_every_cause_once() {
    assert_eq!(chain(&failure()), "appending to `orders`: disk 7 at 10.0.0.1 is gone");
}

#[test]
fn an_inner_error_says_nothing_of_the_inside() {
    for problem in [internal(&failure()), unavailable(&failure()), internal_because("10.0.0.1")] {
        let body = serde_json::to_string(&problem.body()).unwrap();
        assert!(!body.contains("10.0.0.1") && !body.contains("orders"), "{body}");
    }
}

#[test]
fn what_may_work_later_says_when_to_come_back() {
    let retry_after = |problem: Problem| problem.into_response().headers().get("retry-after").cloned();
    assert_eq!(retry_after(unavailable(&failure())), Some(HeaderValue::from(1)));
    assert_eq!(retry_after(Problem::new(StatusCode::TOO_MANY_REQUESTS, "X", "")), Some(HeaderValue::from(1)));
    assert_eq!(retry_after(internal(&failure())), None);
    let away = Problem::unavailable("Away.", Duration::from_millis(1200));
    assert_eq!(retry_after(away), Some(HeaderValue::from(2)), "whole seconds, rounded up");
}

#[test]
fn the_body_has_the_fields_of_the_contract() {
    let errors = vec![FieldError { field: "items[0].quantity".into(), message: "is 0".into() }];
    let body = Problem::invalid(errors).with_trace_id("4bf9").body();
    let expected = serde_json::json!({
        "type": "urn:switchyard:problem:invalid_fields",
        "title": "Unprocessable Entity",
        "status": 422,
        "detail": "Some fields are wrong; `errors` names them.",
        "code": "INVALID_FIELDS",
        "trace_id": "4bf9",
        "errors": [{"field": "items[0].quantity", "message": "is 0"}],
    });
    assert_eq!(serde_json::to_value(body).unwrap(), expected);
}

#[test]
fn a_problem_of_another_service_is_handed_on_as_it_was() {
    let theirs = Problem::conflict("ORDER_LOCKED", "Locked.").with_trace_id("theirs");
    assert_eq!(Problem::from(theirs.body()), theirs);
}

#[test]
fn a_busy_store_is_503_and_a_defect_is_500() {
    let busy = database::Error::Busy { waited: Duration::from_secs(5) };
    assert_eq!(Problem::from(busy).status(), 503);
    assert_eq!(Problem::from(database::Error::Closed).status(), 503);
    assert_eq!(Problem::from(database::Error::AwaitedElsewhere).status(), 500);
}
