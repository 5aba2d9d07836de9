use contracts::timeline::Kind;
use journal::{Cause, Entry, Kind as Noted};

use super::*;

const ASK: Uuid = Uuid::from_u128(7);

fn record(origin: Origin, cause: Option<Uuid>, entries: Vec<Entry>) -> Record {
    Record { origin, cause, actor: None, trace: None, entries }
}

fn task(attempt: u32) -> Origin {
    Cause::default().by_task("book", attempt).origin
}

fn event(name: &'static str, version: u64) -> Entry {
    Entry { version: Some(version), ..Entry::new(Noted::Event, name) }
}

/// What is told of one record in each of these transactions.
fn told(records: Vec<(i64, Record)>) -> Vec<Step> {
    let written: Vec<_> =
        records.into_iter().map(|(at, record)| Written { at, records: vec![record] }).collect();
    part("shipping", &Told { written, left_out: 0 }, &[]).steps
}

/// Each step in short: its name, and that of the step it follows from here.
fn short(steps: &[Step]) -> Vec<(&str, Option<&str>)> {
    let name = |id: &String| {
        let cause = steps.iter().find(|step| step.entry.id == *id);
        cause.map_or("elsewhere", |step| step.entry.name.as_str())
    };
    steps.iter().map(|step| (step.entry.name.as_str(), step.entry.caused_by.as_ref().map(name))).collect()
}

#[test]
fn a_command_follows_from_its_message_and_events_from_their_command() {
    let origin = Origin::Message { kind: "shipping.command".into(), from: "ordering".into() };
    let reply = Entry::message(Uuid::from_u128(9), "shipping.reply", "ordering.replies", 80);
    let entries = vec![Entry::command("request", true), event("shipment.requested", 1), reply];
    let steps = told(vec![(10, record(origin, Some(ASK), entries))]);
    let expected = [
        ("shipping.command", None),
        ("request", Some("shipping.command")),
        ("shipment.requested", Some("request")),
        ("shipping.reply", Some("request")),
    ];
    assert_eq!(short(&steps), expected);
    assert_eq!((steps[0].follows, steps[0].entry.outcome.as_deref()), (Some(ASK), Some("handled")));
    assert_eq!(steps[2].entry.detail.as_deref(), Some("v1"));
    let sent = &steps[3];
    assert_eq!((sent.link, sent.entry.peer.as_deref()), (Some(Uuid::from_u128(9)), Some("ordering")));
    assert_eq!((sent.entry.kind, sent.entry.outcome.as_deref()), (Kind::Message, Some("sent")));
}

#[test]
fn a_call_stands_where_it_began_and_its_answer_leads_on() {
    let call = Entry::call("carrier", "POST /v1/bookings", 25, 7).with_outcome("201");
    let steps = told(vec![
        (
            10,
            record(
                Origin::Call { route: "PUT /internal/shipments/{order_id}".into() },
                Some(ASK),
                vec![Entry::command("request", true)],
            ),
        ),
        (20, record(task(0), Some(ASK), vec![Entry::command("start_booking", true)])),
        (30, record(Origin::Unknown, None, vec![Entry::new(Noted::Saga, "of something else")])),
        (40, record(task(2), Some(ASK), vec![call, Entry::command("accept", true)])),
    ]);
    let expected = [
        ("PUT /internal/shipments/{order_id}", None),
        ("request", Some("PUT /internal/shipments/{order_id}")),
        ("start_booking", Some("request")),
        ("POST /v1/bookings", Some("start_booking")),
        ("of something else", None),
        ("accept", Some("POST /v1/bookings")),
    ];
    assert_eq!(short(&steps), expected);
    let call = &steps[3].entry;
    assert_eq!((call.at, call.took_us, call.attempt), (Timestamp::from_micros(25), Some(7), Some(3)));
    assert_eq!(call.id, "shipping-40-0", "an id is that of the row");
}

#[test]
fn tasks_of_one_cause_go_on_beside_each_other() {
    let origin = Origin::Message { kind: "billing.command".into(), from: "ordering".into() };
    let task = |name: &'static str| Cause::default().by_task(name, 0).origin;
    let mail = Entry::call("mail", "POST /v1/messages", 15, 40).with_outcome("202");
    let steps = told(vec![
        (10, record(origin, Some(ASK), vec![Entry::command("issue", true)])),
        (20, record(task("charge"), Some(ASK), vec![Entry::command("start_attempt", true)])),
        (30, record(task("charge"), Some(ASK), vec![Entry::command("record_result", true)])),
        (60, record(task("mail"), Some(ASK), vec![mail, Entry::command("record_mail", true)])),
    ]);
    let expected = [
        ("billing.command", None),
        ("issue", Some("billing.command")),
        ("POST /v1/messages", Some("issue")),
        ("start_attempt", Some("issue")),
        ("record_result", Some("start_attempt")),
        ("record_mail", Some("POST /v1/messages")),
    ];
    assert_eq!(short(&steps), expected);
}

#[test]
fn a_request_came_before_what_was_asked_for_it() {
    let origin = Origin::Request { route: "POST /v1/orders".into(), keyed: false };
    let price = Entry::call("warehouse", "GET /v1/products/{sku}", 10, 5);
    let steps = told(vec![(30, record(origin, None, vec![price, Entry::command("create", true)]))]);
    let expected = [
        ("POST /v1/orders", None),
        ("GET /v1/products/{sku}", Some("POST /v1/orders")),
        ("create", Some("GET /v1/products/{sku}")),
    ];
    assert_eq!(short(&steps), expected);
    assert_eq!(steps[0].entry.at, Timestamp::from_micros(10));
}

#[test]
fn what_takes_an_answer_in_says_to_which_decision_it_is_one() {
    let asked = Entry::new(Noted::Saga, "ship").with_outcome("asked").linked(Some(ASK));
    let call = Entry::call("shipping", "PUT /internal/shipments/{order_id}", 15, 3).linked(Some(ASK));
    let done = Entry::new(Noted::Saga, "ship").with_outcome("done");
    let steps = told(vec![
        (
            10,
            record(
                Origin::Request { route: "POST /v1/orders/{id}/place".into(), keyed: true },
                None,
                vec![asked],
            ),
        ),
        (20, record(task(0), Some(ASK), vec![call, done.clone(), done])),
    ]);
    let [request, asked, call, first, second] = &steps[..] else { panic!("{steps:#?}") };
    assert_eq!((request.entry.peer.as_deref(), request.follows), (Some("client"), None));
    assert_eq!(request.entry.detail.as_deref(), Some("with an Idempotency-Key"));
    assert_eq!((asked.link, call.link), (Some(ASK), Some(ASK)));
    assert_eq!(call.entry.caused_by.as_ref(), Some(&asked.entry.id));
    assert_eq!((call.answers, first.answers, second.answers), (None, Some(ASK), None));
}

#[test]
fn a_restart_is_told_between_what_was_before_and_after() {
    let at =
        |at| Written { at, records: vec![record(Origin::Unknown, None, vec![Entry::command("pay", true)])] };
    let part = part("billing", &Told { written: vec![at(10), at(30)], left_out: 0 }, &[20]);
    let kinds: Vec<_> = part.steps.iter().map(|step| step.entry.kind).collect();
    assert_eq!(kinds, [Kind::Command, Kind::Restart, Kind::Command]);
    assert_eq!((part.commits, part.left_out), (2, 0));
}

#[test]
fn no_two_steps_have_one_id_and_the_ids_are_the_same_again() {
    let at = |at| Written {
        at,
        records: vec![record(Origin::Unknown, None, vec![Entry::command("pay", true); 2]); 2],
    };
    let written = vec![at(10), at(10), at(20)];
    let journal = Told { written, left_out: 0 };
    let told = || part("billing", &journal, &[10]);
    let steps = told().steps;
    let ids: std::collections::BTreeSet<_> = steps.iter().map(|step| &step.entry.id).collect();
    assert_eq!((ids.len(), steps.len()), (13, 13));
    assert_eq!(told(), told());
}

#[test]
fn an_answer_is_bounded() {
    let pay = |at, count| {
        let entries = vec![Entry::command("pay", true); count];
        Written { at, records: vec![record(Origin::Unknown, None, entries)] }
    };
    let told = part("billing", &Told { written: vec![pay(1, 1), pay(2, 3000), pay(3, 1)], left_out: 7 }, &[]);
    assert_eq!((told.steps.len(), told.left_out, told.commits), (MOST_STEPS, 1002 + 7, 10));
    let ends = [&told.steps[0], &told.steps[MOST_STEPS - 1]].map(|step| step.entry.at);
    assert_eq!(ends, [1, 3].map(Timestamp::from_micros), "the beginning and the end are told");
    let longest = Step { link: Some(ASK), follows: Some(ASK), ..told.steps[0].clone() };
    let size = serde_json::to_vec(&longest).unwrap().len() + 40 + 36; // an event's name and its aggregate's id
    assert!(size * MOST_STEPS < crate::client::Options::default().max_body, "{size} bytes a step");
}
