//! Timelines, and how they are drawn.

use contracts::{
    Timestamp,
    timeline::{Entry, Kind, Totals},
};

use super::*;
use paint::{Paint, ascii, coloured, plain};

/// A step of a service, so many microseconds after the first.
fn step(service: &str, at: i64, kind: Kind, name: &str) -> Entry {
    Entry {
        id: format!("{service}-{at}-{name}"),
        at: Timestamp::from_micros(1_800_000_000_000_000 + at),
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
    }
}

fn with(entry: Entry, outcome: &str) -> Entry {
    Entry { outcome: Some(outcome.to_owned()), ..entry }
}

fn peer(entry: Entry, peer: &str) -> Entry {
    Entry { peer: Some(peer.to_owned()), ..entry }
}

fn after(entry: Entry, cause: &Entry) -> Entry {
    Entry { caused_by: Some(cause.id.clone()), ..entry }
}

fn story(entries: Vec<Entry>) -> Story {
    let order_id = "0198c5f0-3a6e-7c61-8f6e-2f3d1c9b7a10".parse().unwrap();
    let totals = Totals { messages: 1, calls: 2, bytes: 3, commits: 4 };
    Story::of(&Timeline { order_id, entries, totals, warnings: Vec::new() })
}

fn drawn(entries: Vec<Entry>, width: usize) -> Vec<String> {
    Canvas::new(&story(entries), width).lines().iter().skip(1).map(plain).collect()
}

/// Ordering asks customers by a call.
fn a_call(outcome: &str) -> Vec<Entry> {
    let asked = with(step("ordering", 0, Kind::Saga, "reserve_credit"), "asked");
    let call = step("ordering", 100, Kind::Call, "PUT /internal/reservations/{order_id}");
    let call = Entry { took_us: Some(1_500), ..after(with(peer(call, "customers"), "200"), &asked) };
    let received = step("customers", 900, Kind::Call, "PUT /internal/reservations/{order_id}");
    let received = after(with(peer(received, "ordering"), "received"), &call);
    let command = after(with(step("customers", 900, Kind::Command, "reserve_credit"), outcome), &received);
    let event = after(step("customers", 900, Kind::Event, "customer.credit_reserved"), &command);
    let done = after(with(step("ordering", 1_700, Kind::Command, "credit_reserved"), "done"), &call);
    let status = step("ordering", 1_700, Kind::Event, "order.credit_confirmed");
    let status = after(with(status, "CREDIT_CONFIRMED"), &done);
    vec![asked, call, received, command, event, done, status]
}

#[test]
fn more_services_than_there_is_room_for_are_drawn_as_far_as_it_goes() {
    let services = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let entries =
        services.map(|service| with(step(service, 0, Kind::Command, "do_something_long"), "refused"));
    let lines = drawn(entries.into(), 80);
    assert_eq!(lines.len(), services.len());
    assert!(lines.iter().all(|line| line.chars().count() <= 80), "{lines:#?}");
}

#[test]
fn a_call_is_an_arrow_there_and_one_back() {
    let expected = [
        "   0.0 ms  │ saga →reserve_credit           │             │             │             │",
        "   0.9 ms  ├─ reserve_credit ───────────────▶             │             │             │",
        "           │                                │ · credit_reserved         │             │",
        "   1.6 ms  ◀─ credit_reserved 1.5 ms ───────┤             │             │             │",
        "   1.7 ms  │ ◆ CREDIT_CONFIRMED             │             │             │             │",
    ];
    assert_eq!(drawn(a_call("done"), 100), expected);
}

#[test]
fn a_wider_terminal_has_wider_columns() {
    for width in [80, 100, 160, 400] {
        let lines = Canvas::new(&story(a_call("done")), width).lines();
        let longest = lines.iter().map(|line| plain(line).chars().count()).max().unwrap();
        assert!(longest <= width, "{longest} of {width}");
        assert!(plain(&lines[0]).contains("billing"), "{width}: {}", plain(&lines[0]));
    }
}

#[test]
fn a_message_is_a_dashed_arrow_that_tells_how_long_it_took() {
    let sent = peer(with(step("ordering", 0, Kind::Message, "customers.command"), "sent"), "customers");
    let handled = with(step("customers", 800, Kind::Message, "customers.command"), "handled");
    let handled = Entry { took_us: Some(800), ..after(peer(handled, "ordering"), &sent) };
    let command = after(with(step("customers", 800, Kind::Command, "reserve_credit"), "done"), &handled);
    let expected = "   0.8 ms  ├╌ reserve_credit 0.8 ms ╌╌╌╌╌╌╌╌▶";
    let lines = drawn(vec![sent, handled, command], 100);
    assert_eq!(lines.len(), 1, "what the arrow tells of is not told again");
    assert!(lines[0].starts_with(expected), "{}", lines[0]);
}

#[test]
fn a_message_that_nobody_has_handled_yet_is_told_as_such() {
    let sent = peer(with(step("ordering", 0, Kind::Message, "customers.command"), "sent"), "customers");
    let published = with(step("ordering", 0, Kind::Message, "order.placed"), "sent");
    let lines = drawn(vec![sent, published], 100);
    assert_eq!(lines.len(), 1, "an event that is published is one for whoever wants it");
    assert!(lines[0].contains("→ customers: customers.command, not handled yet"), "{}", lines[0]);
}

#[test]
fn what_was_refused_and_what_is_tried_again_stand_out() {
    let mut refused = with(step("warehouse", 0, Kind::Command, "reserve_stock"), "refused");
    refused.detail = Some("out of stock".to_owned());
    let mut retry = step("shipping", 5, Kind::Retry, "book");
    (retry.attempt, retry.detail) = (Some(2), Some("no answer".to_owned()));
    let story = story(vec![refused, retry]);
    let paint = |text: &str| {
        let lines = Canvas::new(&story, 160).lines();
        let pieces = lines.into_iter().flatten().find(|(_, piece)| piece.contains(text));
        pieces.unwrap_or_else(|| panic!("{text}")).0
    };
    assert_eq!(paint("✗ reserve_stock: out of stock"), Paint::Bad);
    assert_eq!(paint("↻ book, attempt 2 failed: no answer"), Paint::Warning);
}

#[test]
fn services_that_were_started_anew_together_are_one_line_across() {
    let restart = |service| step(service, 1_500_000, Kind::Restart, "started");
    let first = with(step("ordering", 0, Kind::Command, "place"), "done");
    let lines = drawn(vec![first, restart("ordering"), restart("shipping")], 100);
    assert_eq!(lines.len(), 2);
    assert!(lines[1].starts_with("   1.50 s  ═══ ordering, shipping started anew ═══"), "{}", lines[1]);
}

#[test]
fn what_one_transaction_does_to_a_saga_is_one_line() {
    let saga = |step_name, outcome| with(step("ordering", 0, Kind::Saga, step_name), outcome);
    let steps = vec![saga("ship", "refused"), saga("reserve_stock", "undo asked"), saga("saga", "aborted")];
    let lines = drawn(steps, 160);
    assert_eq!(lines.len(), 1);
    assert!(lines[0].contains("saga ✗ship ↶reserve_stock aborted"), "{}", lines[0]);
}

#[test]
fn ascii_is_as_wide_and_colours_add_nothing_to_read() {
    for line in Canvas::new(&story(a_call("done")), 100).lines() {
        let text = plain(&line);
        let simple = ascii(&text);
        assert!(simple.is_ascii());
        assert_eq!(simple.len(), text.chars().count());
        let mut bare = coloured(&line);
        for code in ["1", "2", "1;32", "33", "1;31", "0"] {
            bare = bare.replace(&format!("\u{1b}[{code}m"), "");
        }
        assert_eq!(bare, text);
    }
}

#[test]
fn an_order_that_is_forgotten_is_said_to_be() {
    assert_eq!(story(Vec::new()).summary(), "nothing is known of it any more");
    assert_eq!(story(a_call("done")).summary(), "CREDIT_CONFIRMED after 1.7 ms");
}
