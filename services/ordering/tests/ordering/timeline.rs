//! What is told of an order: everything that every service did, in both styles alike.

use std::collections::BTreeMap;

use contracts::{
    Style,
    ordering::{Order, OrderStatus},
    timeline::{Entry, Kind, Timeline},
};
use serde_json::json;

use crate::support::{House, in_both_styles, until, with};

in_both_styles! { House:
    every_step_of_an_order_that_completes_is_told,
    a_refusal_is_told_where_its_answer_is_kept,
    every_step_of_an_order_that_is_undone_is_told,
    a_system_that_is_down_is_told_attempt_by_attempt,
    why_a_call_failed_is_told_without_an_address,
    a_restart_is_told_and_nothing_is_lost_or_doubled_by_it,
    what_a_timeline_counts_is_what_its_steps_add_up_to,
}

async fn placed(house: &House) -> Order {
    house.product("TEA", 100, 10).await;
    let order = house.order(house.customer(1_000).await, "TEA", 2).await;
    house.send(house.place(&order)).await;
    order
}

async fn ended(house: &House, order: &Order, status: OrderStatus) -> Timeline {
    house.until_in(order, status).await;
    house.until_at_rest().await;
    let told = house.timeline(order).await;
    assert_eq!(told.warnings, []);
    hangs_together(&told);
    told
}

/// Causes come before effects, and what a service does is told in its own order.
fn hangs_together(told: &Timeline) {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for (place, entry) in told.entries.iter().enumerate() {
        let caused = entry.caused_by.as_deref().map(|cause| seen.contains_key(cause));
        assert_ne!(caused, Some(false), "{entry:?} comes before what caused it");
        assert!(seen.insert(&entry.id, place).is_none(), "{entry:?} is told twice");
        let earlier = told.entries[..place].iter().rfind(|earlier| earlier.service == entry.service);
        assert!(earlier.is_none_or(|earlier| earlier.at <= entry.at), "{entry:?} goes back in time");
    }
}

/// The steps of one kind as `service: name`, with the outcome where that is not the usual one.
fn of(told: &Timeline, kind: Kind) -> Vec<String> {
    let short = |entry: &Entry| match entry.outcome.as_deref() {
        None | Some("done") => format!("{}: {}", entry.service, entry.name),
        Some(outcome) => format!("{}: {} {outcome}", entry.service, entry.name),
    };
    told.entries.iter().filter(|entry| entry.kind == kind).map(short).collect()
}

fn sorted(mut steps: Vec<String>) -> Vec<String> {
    steps.sort();
    steps
}

/// Those of `steps` in which a name occurs.
fn with_name(steps: &[String], name: &str) -> usize {
    steps.iter().filter(|step| step.contains(name)).count()
}

async fn every_step_of_an_order_that_completes_is_told(house: House) {
    let order = placed(&house).await;
    let told = ended(&house, &order, OrderStatus::Completed).await;
    let expected = [
        "billing: issue",
        "billing: record_mail",
        "billing: record_result",
        "billing: start_attempt",
        "customers: reserve_credit",
        "customers: settle_credit",
        "ordering: add_line",
        "ordering: create",
        "ordering: credit_reserved",
        "ordering: credit_settled",
        "ordering: dispatched",
        "ordering: invoice_paid",
        "ordering: place",
        "ordering: stock_reserved",
        "ordering: stock_taken_out",
        "shipping: accept",
        "shipping: request",
        "shipping: start_booking",
        "warehouse: reserve_stock",
        "warehouse: take_stock_out",
    ];
    assert_eq!(sorted(of(&told, Kind::Command)), expected);
    let events = told.entries.iter().filter(|entry| entry.kind == Kind::Event);
    let statuses: Vec<_> = events.filter_map(|entry| entry.outcome.as_deref()).collect();
    let expected = ["OPEN", "PENDING", "CREDIT_CONFIRMED", "APPROVED", "SHIPPED", "COMPLETED"];
    assert_eq!(statuses, expected);
    let expected = [
        "ordering: bill",
        "ordering: bill asked",
        "ordering: reserve_credit",
        "ordering: reserve_credit asked",
        "ordering: reserve_stock",
        "ordering: reserve_stock asked",
        "ordering: saga started",
        "ordering: settle_credit",
        "ordering: settle_credit asked",
        "ordering: ship",
        "ordering: ship asked",
        "ordering: take_stock_out",
        "ordering: take_stock_out asked",
    ];
    assert_eq!(sorted(of(&told, Kind::Saga)), expected);
    // Who asks and who is asked know of each other, whatever the way.
    let by = |name: &str| told.entries.iter().find(|entry| entry.kind == Kind::Command && entry.name == name);
    let cause = |id: &String| told.entries.iter().find(|entry| entry.id == *id);
    let received = by("reserve_credit").and_then(|entry| cause(entry.caused_by.as_ref()?)).unwrap();
    assert_eq!((received.service.as_str(), received.peer.as_deref()), ("customers", Some("ordering")));
    assert_eq!(received.caused_by.as_ref().and_then(cause).unwrap().service, "ordering");
    // The systems outside are called in every style, and so is the warehouse for a price.
    for peer in ["carrier", "payment", "mail", "warehouse"] {
        let call = told.entries.iter().find(|it| it.kind == Kind::Call && it.peer.as_deref() == Some(peer));
        assert!(call.is_some_and(|call| call.took_us.is_some() && call.bytes > Some(0)), "{peer}: {call:?}");
    }
}

async fn a_refusal_is_told_where_its_answer_is_kept(house: House) {
    let order = placed(&house).await;
    house.until_in(&order, OrderStatus::Completed).await;
    let again = || with(house.place(&order), "idempotency-key", "again");
    assert_eq!(house.send(again()).await.status, 409);
    assert_eq!(house.send(again()).await.status, 409, "the answer is kept, and nothing more is decided");
    assert_eq!(house.send(house.place(&order)).await.status, 409, "nothing is kept");
    let told = ended(&house, &order, OrderStatus::Completed).await;
    let refused: Vec<_> =
        told.entries.iter().filter(|entry| entry.outcome.as_deref() == Some("refused")).collect();
    let [refused] = &refused[..] else { panic!("{refused:#?}") };
    assert_eq!((refused.name.as_str(), refused.detail.as_deref()), ("place", Some("ORDER_LOCKED")));
    // What a participant refuses is told by itself: it happens there, and is answered.
    let poor = house.customer(1).await;
    let order = house.order(poor, "TEA", 2).await;
    house.send(house.place(&order)).await;
    let told = ended(&house, &order, OrderStatus::Rejected).await;
    assert_eq!(with_name(&of(&told, Kind::Event), "customers: customer.credit_refused"), 1);
    assert_eq!(with_name(&of(&told, Kind::Saga), "reserve_credit refused"), 1);
}

async fn every_step_of_an_order_that_is_undone_is_told(house: House) {
    house.set("carrier", &json!({"default": "refuse"})).await;
    let order = placed(&house).await;
    let told = ended(&house, &order, OrderStatus::Cancelled).await;
    let commands = of(&told, Kind::Command);
    for undone in [
        "shipping: refuse",
        "shipping: call_off unchanged",
        "warehouse: release_stock",
        "customers: release_credit",
    ] {
        assert_eq!(with_name(&commands, undone), 1, "{undone}: {commands:#?}");
    }
    let saga = of(&told, Kind::Saga);
    for step in ["ship refused", "ship undo asked", "reserve_stock undo asked", "reserve_credit undo asked"] {
        assert_eq!(with_name(&saga, step), 1, "{step}: {saga:#?}");
    }
    let statuses =
        of(&told, Kind::Event).into_iter().filter(|event| event.starts_with("ordering: order.cancel"));
    assert!(
        statuses.eq(["ordering: order.cancel_started CANCEL_PENDING", "ordering: order.cancelled CANCELLED"])
    );
}

async fn a_system_that_is_down_is_told_attempt_by_attempt(house: House) {
    house.set("carrier", &json!({"faults": {"down": true}})).await;
    let order = placed(&house).await;
    until("it was tried three times", async || {
        let told = house.timeline(&order).await;
        (with_name(&of(&told, Kind::Retry), "shipping: book") >= 3).then_some(())
    })
    .await;
    house.set("carrier", &json!({"faults": {"down": false}})).await;
    let told = ended(&house, &order, OrderStatus::Completed).await;
    let calls = told
        .entries
        .iter()
        .filter(|entry| entry.kind == Kind::Call && entry.peer.as_deref() == Some("carrier"));
    let calls: Vec<_> = calls.collect();
    let (last, failed) = calls.split_last().unwrap();
    assert_eq!(last.outcome.as_deref(), Some("201"));
    assert!(failed.len() >= 3 && failed.iter().all(|call| call.outcome.as_deref() != Some("201")));
    let attempts: Vec<_> = calls.iter().map(|call| call.attempt.unwrap_or(1)).collect();
    assert!(attempts.iter().copied().eq(1..=attempts.len() as u32), "{attempts:?}");
}

async fn why_a_call_failed_is_told_without_an_address(house: House) {
    house.set("carrier", &json!({"faults": {"down": true}})).await;
    house.product("TEA", 100, 10).await;
    let order = house.order(house.customer(1_000).await, "TEA", 2).await;
    house.goes_away("customers").await;
    house.send(house.place(&order)).await;
    let tried_again = async |service| {
        until("it was tried again", async || {
            let retries = of(&house.timeline(&order).await, Kind::Retry);
            retries.iter().any(|retry| retry.starts_with(service)).then_some(())
        })
        .await;
    };
    tried_again("ordering").await;
    house.comes_back("customers");
    tried_again("shipping").await;
    house.set("carrier", &json!({"faults": {"down": false}})).await;
    let told = ended(&house, &order, OrderStatus::Completed).await;
    let details = || told.entries.iter().filter_map(|entry| entry.detail.as_deref());
    assert!(details().any(|detail| detail.starts_with("the carrier ")), "{told:?}");
    for detail in details() {
        assert!(!detail.contains("://") && !detail.contains("127.0.0.1"), "{detail}");
    }
}

async fn a_restart_is_told_and_nothing_is_lost_or_doubled_by_it(house: House) {
    house.set("carrier", &json!({"default": "hold"})).await;
    let order = placed(&house).await;
    until("the carrier is being asked", async || (house.held("carrier").await > 0).then_some(())).await;
    for service in ["shipping", "ordering"] {
        house.goes_away(service).await;
        house.comes_back(service);
    }
    house.set("carrier", &json!({"default": "accept"})).await;
    let told = ended(&house, &order, OrderStatus::Completed).await;
    assert_eq!(sorted(of(&told, Kind::Restart)), ["ordering: started", "shipping: started"]);
    let commands = of(&told, Kind::Command);
    let effects = |name: &str| commands.iter().filter(|command| *command == name).count();
    for once in ["shipping: request", "shipping: start_booking", "shipping: accept", "ordering: dispatched"] {
        assert_eq!(effects(once), 1, "{once}: {commands:#?}");
    }
    // What was asked again after the start made no difference, and is told as such.
    assert!(commands.contains(&"shipping: start_booking unchanged".to_owned()), "{commands:#?}");
}

async fn what_a_timeline_counts_is_what_its_steps_add_up_to(house: House) {
    let order = placed(&house).await;
    let told = ended(&house, &order, OrderStatus::Completed).await;
    let sent = with_name(&of(&told, Kind::Message), " sent");
    let handled = with_name(&of(&told, Kind::Message), " handled");
    let events = of(&told, Kind::Event).len();
    let made = |entry: &&Entry| entry.kind == Kind::Call && entry.outcome.as_deref() != Some("received");
    let calls = told.entries.iter().filter(made).count();
    match house.style {
        // Two answers come later, by messages; six calls ask participants, and four go to others.
        Style::Rest => assert_eq!((sent, handled, calls), (2, 2, 10)),
        // Six commands, six answers, and every change is published; two of them are two events at once: the order with its
        // line, and the credit that was settled with the end.
        _ => assert_eq!((sent, handled, calls), (12 + events - 2, 12, 4)),
    }
    assert_eq!((told.totals.messages, told.totals.calls), (sent as u64, calls as u64));
    assert!((18..=24).contains(&told.totals.commits), "{:?}", told.totals);
}

/// The commands and events of an order, and what they follow from, whatever the way they came.
async fn lived(style: Style) -> Vec<String> {
    let house = House::start(style).await;
    let order = placed(&house).await;
    let told = ended(&house, &order, OrderStatus::Completed).await;
    let mut lived = Vec::new();
    for service in ["ordering", "customers", "warehouse", "shipping", "billing"] {
        let own = told.entries.iter().filter(|entry| entry.service == service);
        let own = own.filter(|entry| matches!(entry.kind, Kind::Command | Kind::Event | Kind::Saga));
        lived.extend(
            own.map(|entry| format!("{service} {:?} {} {:?}", entry.kind, entry.name, entry.outcome)),
        );
    }
    // Two things go on beside each other: the mail beside the charge, the stock beside the bill.
    lived.sort();
    lived
}

#[tokio::test(start_paused = true)]
async fn an_order_lives_through_the_same_commands_events_and_steps_in_every_style() {
    assert_eq!(lived(Style::Rest).await, lived(Style::Messaging).await);
}
