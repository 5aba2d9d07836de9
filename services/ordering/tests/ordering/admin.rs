//! What the admin port tells operators and `verify`: sagas step by step, and what ordering owns.

use std::time::Duration;

use chassis::client::Call;
use contracts::{
    OrderId, Style,
    ordering::{Order, OrderStatus},
};
use database::{Database, Options};
use ordering::{SCHEMAS, domain::Command, store::Rows};
use serde_json::Value;
use uuid::Uuid;

use crate::support::{Answer, Ask, CUSTOMER, World, in_both_styles, refusal};

in_both_styles! {
    a_saga_tells_every_step_that_it_took,
    a_saga_tells_what_it_has_undone,
    a_saga_tells_why_it_asked_again,
    what_is_pending_is_counted_until_nothing_is,
    the_gauges_tell_of_orders_that_are_unpaid_and_of_sagas_that_take_long,
}

/// The log as text, without the steps that go on side by side after the dispatch in any one order.
fn lines(log: &[(String, String)]) -> Vec<String> {
    log.iter().map(|(step, entry)| format!("{step} {entry}")).collect()
}

async fn a_saga_tells_every_step_that_it_took(world: World) {
    world.peers.hold(Ask::Bill);
    let order = world.placed().await;
    crate::support::until("stock is taken out", async || {
        lines(&world.log(&order).await).contains(&"take_stock_out done".to_owned()).then_some(())
    })
    .await;
    world.peers.let_go(Ask::Bill);
    world.until_in(&order, OrderStatus::Completed).await;
    let expected = [
        "saga started",
        "reserve_credit asked",
        "reserve_credit done",
        "reserve_stock asked",
        "reserve_stock done",
        "ship asked",
        "ship done",
        "take_stock_out asked",
        "bill asked",
        "take_stock_out done",
        "bill done",
        "settle_credit asked",
        "settle_credit done",
    ];
    assert_eq!(lines(&world.log(&order).await), expected);
    let saga = world.admin(&format!("/sagas/{}", order.id)).await;
    assert_eq!((&saga["name"], &saga["phase"]), (&"place_order".into(), &"completed".into()));
    let times: Vec<_> =
        saga["log"].as_array().unwrap().iter().map(|entry| entry["at"].as_i64().unwrap()).collect();
    assert!(times.is_sorted() && saga["started_at"] == times[0]);
}

async fn a_saga_tells_what_it_has_undone(world: World) {
    world.peers.answer(Ask::Ship, Answer::carrier_refuses());
    let order = world.placed().await;
    world.until_in(&order, OrderStatus::Cancelled).await;
    let log = lines(&world.log(&order).await);
    let expected = [
        "ship refused",
        "ship undo asked",
        "ship undone",
        "reserve_stock undo asked",
        "reserve_stock undone",
        "reserve_credit undo asked",
        "reserve_credit undone",
    ];
    assert_eq!(log[6..], expected);
    assert_eq!(world.admin(&format!("/sagas/{}", order.id)).await["phase"], "unwound");
}

async fn a_saga_tells_why_it_asked_again(world: World) {
    world.peers.answer_once(Ask::ReserveStock, [Answer::fails(), Answer::fails()]);
    let order = world.placed().await;
    world.until_in(&order, OrderStatus::Completed).await;
    let saga = world.admin(&format!("/sagas/{}", order.id)).await;
    let retries: Vec<_> =
        saga["log"].as_array().unwrap().iter().filter(|entry| entry["entry"] == "retry").collect();
    let why = match world.style {
        Style::Rest => "Warehouse answered 500 Internal Server Error",
        _ => "no answer in time, asked again",
    };
    assert_eq!(retries.len(), 2);
    assert!(
        retries.iter().all(|entry| entry["step"] == "reserve_stock" && entry["detail"] == why),
        "{retries:?}"
    );
    // Logs are read by those who need not know whose order it is.
    let text = saga.to_string();
    assert!(["Ada", "ada@example.org", "St James"].iter().all(|personal| !text.contains(personal)), "{text}");
}

#[tokio::test(start_paused = true)]
async fn an_order_that_was_not_placed_has_no_saga() {
    let world = World::start(Style::Rest).await;
    let order = world.create(&[("TEA", 1)]).await;
    let response = world.send(Call::get(world.admin_url(&format!("/sagas/{}", order.id)))).await;
    assert_eq!(response.status, 404);
    assert_eq!(response.problem().unwrap().code, "NOT_FOUND");
}

async fn what_is_pending_is_counted_until_nothing_is(world: World) {
    let at_rest = world.admin("/audit").await;
    assert_eq!((&at_rest["service"], &at_rest["aggregates"]), (&"ordering".into(), &Value::Array(vec![])));
    world.peers.hold(Ask::ReserveStock);
    let order = world.placed().await;
    world.until_in(&order, OrderStatus::CreditConfirmed).await;
    let audit = world.admin("/audit").await;
    assert_eq!((&audit["pending"]["sagas"], &audit["pending"]["tasks"]), (&1.into(), &1.into()));
    world.peers.let_go(Ask::ReserveStock);
    let order = world.until_at_rest(&order).await;
    let audit = world.admin("/audit").await;
    let orders: Vec<Order> = serde_json::from_value(audit["aggregates"].clone()).unwrap();
    assert_eq!((orders, &audit["next"]), (vec![order], &Value::Null));
}

async fn the_gauges_tell_of_orders_that_are_unpaid_and_of_sagas_that_take_long(world: World) {
    world.peers.answer(Ask::Bill, Answer::unpaid());
    let unpaid = world.placed().await;
    world.until_in(&unpaid, OrderStatus::Shipped).await;
    world.until_at_rest(&unpaid).await;
    world.peers.hold(Ask::ReserveStock);
    world.placed().await;
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert_eq!(gauge(&world, "orders_unpaid").await, 1.0);
    let oldest = gauge(&world, "saga_oldest_seconds").await;
    assert!((90.0..=100.0).contains(&oldest), "{oldest}");
    world.peers.let_go(Ask::ReserveStock);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(gauge(&world, "saga_oldest_seconds").await, 0.0, "what rests does not take long");
}

/// What a gauge of this App shows.
async fn gauge(world: &World, name: &str) -> f64 {
    let response = world.send(Call::get(world.admin_url("/metrics"))).await;
    let text = String::from_utf8(response.body.to_vec()).unwrap();
    let line = text.lines().find(|line| line.starts_with(&format!("{name}{{"))).unwrap();
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_ordering_owns_is_told_page_by_page() {
    let mut world = World::start(Style::Rest).await;
    world.stop().await;
    let ids: Vec<_> = (1..=1001).map(|number| OrderId::new(Uuid::from_u128(number))).collect();
    create_all(&world, ids.clone()).await;
    world.restart();
    let (mut found, mut path) = (Vec::new(), "/audit".to_owned());
    let mut pages = 0;
    loop {
        let audit = world.admin(&path).await;
        let orders: Vec<Order> = serde_json::from_value(audit["aggregates"].clone()).unwrap();
        found.extend(orders.into_iter().map(|order| order.id));
        pages += 1;
        match audit["next"].as_str() {
            Some(next) => path = format!("/audit?after={next}"),
            None => break,
        }
    }
    assert_eq!((found, pages), (ids, 2));
    let response = world.send(Call::get(world.admin_url("/audit?after=the-beginning"))).await;
    assert_eq!(response.status, 400);
}

/// Begins so many orders at once.
async fn create_all(world: &World, ids: Vec<OrderId>) {
    let options = Options { executor: world.platform.executor, ..Options::default() };
    let database = Database::open(&world.config.database, SCHEMAS, options).unwrap();
    let customer_id = CUSTOMER.parse().unwrap();
    let create = Command::Create { customer_id, reference: None, at: contracts::Timestamp::from_micros(1) };
    let created = database.write(async move |tx| {
        for id in &ids {
            let created = aggregate::execute(&Rows, tx, id, &(), &create).await;
            assert!(created.is_ok());
        }
        Ok::<_, database::Error>(())
    });
    created.await.unwrap();
    database.close().await;
}

#[tokio::test(start_paused = true)]
async fn the_admin_port_is_not_the_public_one() {
    let world = World::start(Style::Rest).await;
    for path in ["/audit", "/sagas/1", "/livez", "/metrics", "/dead-letters"] {
        assert_eq!(refusal(&world.get(path).await), (404, "NOT_FOUND".to_owned()));
    }
    assert_eq!(world.admin("/livez").await["ready"], true);
    assert_eq!(world.admin("/readyz").await["ready"], true);
}
