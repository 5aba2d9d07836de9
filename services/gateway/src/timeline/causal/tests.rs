use contracts::Timestamp;
use uuid::Uuid;

use super::*;

/// A step of a service at a time.
fn step(service: &str, at: i64, kind: Kind, name: &str) -> Step {
    let entry = Entry {
        id: format!("{service}-{at}"),
        at: Timestamp::from_micros(at),
        service: service.to_owned(),
        kind,
        name: name.to_owned(),
        peer: None,
        caused_by: None,
        took_us: None,
        outcome: None,
        attempt: None,
        bytes: None,
        detail: None,
    };
    Step { entry, link: None, follows: None, answers: None }
}

fn id(number: u128) -> Option<Uuid> {
    Some(Uuid::from_u128(number))
}

fn names(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.name.as_str()).collect()
}

/// Ordering asks customers by a call, whose clock is ahead by `skew`.
fn a_call(skew: i64) -> Vec<Vec<Step>> {
    let ordering = vec![
        Step { link: id(1), ..step("ordering", 10, Kind::Saga, "asked") },
        Step { link: id(1), ..step("ordering", 20, Kind::Call, "call") },
        Step { answers: id(1), ..step("ordering", 50, Kind::Saga, "done") },
    ];
    let customers = vec![
        Step { follows: id(1), ..step("customers", 30 + skew, Kind::Call, "received") },
        step("customers", 30 + skew, Kind::Command, "reserve_credit"),
    ];
    vec![ordering, customers]
}

#[test]
fn a_cause_comes_before_its_effect_however_clocks_differ() {
    for skew in [-1_000_000, -25, 0, 25, 1_000_000] {
        let ordered = ordered(a_call(skew));
        let expected = ["asked", "call", "received", "reserve_credit", "done"];
        assert_eq!(names(&ordered), expected, "{skew}");
        let received = ordered.iter().find(|entry| entry.name == "received").unwrap();
        assert_eq!(received.caused_by.as_deref(), Some("ordering-20"));
        assert_eq!(received.peer.as_deref(), Some("ordering"));
    }
}

#[test]
fn a_message_is_handled_after_it_was_sent_and_tells_how_long_it_took() {
    for skew in [-1_000_000, 0, 1_000_000] {
        let sent = Step { link: id(1), ..step("ordering", 10, Kind::Message, "command") };
        let handled = Step { follows: id(1), ..step("customers", 30 + skew, Kind::Message, "command") };
        let ordered = ordered(vec![vec![handled], vec![sent]]);
        assert_eq!([ordered[0].service.as_str(), ordered[1].service.as_str()], ["ordering", "customers"]);
        // A time that clocks make negative is none.
        assert_eq!(ordered[1].took_us, (skew >= 0).then(|| 20 + skew.unsigned_abs()));
    }
}

#[test]
fn an_event_that_is_handled_follows_from_when_it_happened() {
    let customers =
        vec![Step { link: id(1), ..step("customers", 40, Kind::Event, "customers.credit_reserved") }];
    let handled = step("warehouse", 30, Kind::Message, "customers.credit_reserved");
    let entries = ordered(vec![vec![Step { follows: id(1), ..handled }], customers]);
    assert_eq!(entries[1].caused_by.as_deref(), Some("customers-40"));
    assert_eq!(entries[1].peer.as_deref(), Some("customers"));
}

#[test]
fn a_call_that_a_killed_caller_never_told_of_is_received_before_it_is_repeated() {
    let ordering = vec![
        Step { link: id(1), ..step("ordering", 10, Kind::Saga, "asked") },
        step("ordering", 35, Kind::Restart, "started"),
        Step { link: id(1), ..step("ordering", 40, Kind::Call, "again") },
        Step { answers: id(1), ..step("ordering", 60, Kind::Saga, "done") },
    ];
    let customers = vec![
        Step { follows: id(1), ..step("customers", 20, Kind::Call, "received") },
        Step { follows: id(1), ..step("customers", 50, Kind::Call, "received again") },
    ];
    let ordered = ordered(vec![ordering, customers]);
    assert_eq!(names(&ordered), ["asked", "received", "started", "again", "received again", "done"]);
    assert_eq!(ordered[1].caused_by.as_deref(), Some("ordering-10"));
    assert_eq!(ordered[4].caused_by.as_deref(), Some("ordering-40"));
}

#[test]
fn who_is_away_leaves_the_rest_in_order() {
    let mut services = a_call(0);
    services.remove(0);
    assert_eq!(names(&ordered(services)), ["received", "reserve_credit"]);
}

#[test]
fn causes_in_a_circle_lose_nothing() {
    let one = Step { link: id(1), follows: id(2), ..step("ordering", 10, Kind::Message, "one") };
    let other = Step { link: id(2), follows: id(1), ..step("customers", 20, Kind::Message, "other") };
    assert_eq!(names(&ordered(vec![vec![one], vec![other]])), ["one", "other"]);
}

#[test]
fn an_event_of_the_order_tells_the_status_that_it_brought() {
    let steps = ["order.placed", "order.line_added", "customer.cancelled"];
    let steps = (0..).zip(steps).map(|(at, name)| step("ordering", at, Kind::Event, name)).collect();
    let outcomes: Vec<_> = ordered(vec![steps]).into_iter().map(|entry| entry.outcome).collect();
    assert_eq!(outcomes, [Some("PENDING".to_owned()), None, None]);
}
