//! What orders ask, over the participant of `messaging`, and what products cost.

use std::collections::BTreeMap;

use contracts::{
    topics::{self, kinds},
    warehouse::{Event, Quote, Reply, StockRefusal},
};
use messaging::{
    Data,
    audit::{InboxAudit, OutboxAudit, compare},
    derived_id,
    publishing::events as events_of,
};
use serde_json::{Value, json};
use uuid::Uuid;
use warehouse::Reach;

use crate::{
    bus::{Bus, message},
    support::{World, eur, lines, order, refusal, release, reserve, sku, take_out},
};

async fn start() -> (World, Bus) {
    let bus = Bus::start().await;
    (World::reached_by(Reach::Messaging(bus.broker())), bus)
}

#[tokio::test]
async fn a_command_is_answered_by_a_message_about_its_order() {
    let (world, bus) = start().await;
    let tea = world.product("TEA", 10).await;
    let mut replies = bus.listen(topics::ORDERING_REPLIES).await;
    bus.send(1, &reserve(order(7), &lines([(&tea, 6)]))).await;
    let answer = replies.hear(1).await.remove(0);
    assert_eq!(answer.data.parse::<Reply>().unwrap(), Reply::StockReserved);
    assert_eq!((answer.kind.as_str(), answer.source.as_str()), (kinds::WAREHOUSE_REPLY, "warehouse"));
    assert_eq!((&answer.subject, &answer.partition_key), (&order(7).to_string(), &order(7).to_string()));
    assert_eq!(answer.id, derived_id("warehouse", Uuid::from_u128(1), 0));
    assert_eq!(
        (answer.causation_id, answer.correlation_id),
        (Some(Uuid::from_u128(1)), Some(order(7).uuid()))
    );
    assert_eq!(answer.traceparent.unwrap(), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    assert_eq!(world.stock(&tea).await, (10, 6));
}

#[tokio::test]
async fn a_message_that_comes_twice_is_answered_once_and_a_command_asked_twice_twice() {
    let (world, bus) = start().await;
    let tea = world.product("TEA", 10).await;
    let mut replies = bus.listen(topics::ORDERING_REPLIES).await;
    let command = reserve(order(7), &lines([(&tea, 6)]));
    for number in [1, 1, 2] {
        bus.send(number, &command).await;
    }
    let causes: Vec<_> = replies.hear(2).await.into_iter().map(|answer| answer.causation_id).collect();
    assert_eq!(causes, [Some(Uuid::from_u128(1)), Some(Uuid::from_u128(2))]);
    assert_eq!(world.stock(&tea).await, (10, 6));
}

#[tokio::test]
async fn an_order_is_answered_in_the_order_in_which_it_asked() {
    let (world, bus) = start().await;
    let tea = world.product("TEA", 10).await;
    let mut replies = bus.listen(topics::ORDERING_REPLIES).await;
    let asked = lines([(&tea, 6)]);
    bus.send(1, &release(order(7), &asked)).await;
    bus.send(2, &reserve(order(7), &asked)).await;
    bus.send(3, &take_out(order(7), &asked)).await;
    assert_eq!(replies.reply().await, Reply::StockReleased);
    assert_eq!(replies.reply().await, Reply::StockRefused { reason: StockRefusal::Released });
    assert_eq!(replies.reply().await, Reply::StockTakenOut);
    assert_eq!(world.stock(&tea).await, (10, 0));
}

#[tokio::test]
async fn one_line_that_is_out_of_stock_refuses_all_and_only_that_is_told() {
    let (world, bus) = start().await;
    let (tea, cups) = (world.product("TEA", 10).await, world.product("CUPS", 1).await);
    let mut replies = bus.listen(topics::ORDERING_REPLIES).await;
    bus.send(1, &reserve(order(7), &lines([(&tea, 6), (&cups, 2)]))).await;
    assert_eq!(replies.reply().await, Reply::StockRefused { reason: StockRefusal::OutOfStock });
    assert_eq!((world.stock(&tea).await, world.stock(&cups).await), ((10, 0), (1, 0)));
    let audit = at_rest(&world, 0).await;
    let outbox: OutboxAudit = serde_json::from_value(audit["outbox"].clone()).unwrap();
    assert_eq!(count(&outbox, topics::WAREHOUSE_EVENTS), 3, "both were added, and one was refused");
}

#[tokio::test]
async fn what_was_sent_while_the_service_was_away_is_done_when_it_is_back() {
    let (mut world, bus) = start().await;
    let tea = world.product("TEA", 10).await;
    let mut replies = bus.listen(topics::ORDERING_REPLIES).await;
    world.crash();
    bus.send(1, &reserve(order(7), &lines([(&tea, 6)]))).await;
    world.restart();
    assert_eq!(replies.reply().await, Reply::StockReserved);
}

#[tokio::test]
async fn what_happens_is_published_without_a_gap() {
    let (world, bus) = start().await;
    let mut events = bus.listen(topics::WAREHOUSE_EVENTS).await;
    let tea = world.product("TEA", 10).await;
    world.alter(&tea, None, &json!({"name": "Black tea", "unit_price": eur(5)})).await;
    bus.send(1, &reserve(order(7), &lines([(&tea, 6)]))).await;
    bus.send(2, &take_out(order(7), &lines([(&tea, 6)]))).await;
    let heard = events.hear(5).await;
    let versions: Vec<_> =
        heard.iter().filter_map(|change| change.previous_version.zip(change.version)).collect();
    assert_eq!(versions, [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)]);
    assert!(heard.iter().all(|change| change.subject == "TEA" && change.kind == "product.changed"));
    let quantity = contracts::Quantity::new(6).unwrap();
    let taken_out = Event::StockTakenOut { order_id: order(7), quantity };
    assert_eq!(events_of::<Event>(&heard[4]).unwrap(), [(5, taken_out)]);
}

#[tokio::test]
async fn what_cannot_be_understood_is_parked_and_holds_up_only_its_own_order() {
    let (world, bus) = start().await;
    let tea = world.product("TEA", 10).await;
    let mut replies = bus.listen(topics::ORDERING_REPLIES).await;
    let nonsense = Data::of("nonsense").unwrap();
    bus.publish(message(1, kinds::WAREHOUSE_COMMAND, order(7), nonsense.clone())).await;
    bus.publish(message(2, "warehouse.invention", order(8), nonsense)).await;
    bus.send(3, &reserve(order(7), &lines([(&tea, 1)]))).await;
    bus.send(4, &reserve(order(9), &lines([(&tea, 1)]))).await;
    assert_eq!(replies.hear(1).await[0].causation_id, Some(Uuid::from_u128(4)));
    assert_eq!(at_rest(&world, 3).await["pending"]["parked"], 3);
}

#[tokio::test]
async fn an_operator_can_have_what_is_parked_tried_again_or_give_it_up() {
    let (world, bus) = start().await;
    let tea = world.product("TEA", 10).await;
    let mut replies = bus.listen(topics::ORDERING_REPLIES).await;
    bus.publish(message(1, kinds::WAREHOUSE_COMMAND, order(7), Data::of("nonsense").unwrap())).await;
    bus.send(2, &reserve(order(7), &lines([(&tea, 1)]))).await;
    at_rest(&world, 2).await;
    let path = |what: &str| format!("/dead-letters/{}/{what}", Uuid::from_u128(1));
    assert_eq!(world.admin_post(&path("retry"), &json!({})).await.status, 200);
    let given_up = world.admin_post(&path("discard"), &json!({"by": "ops", "reason": "nonsense"})).await;
    assert_eq!(given_up.status, 200);
    assert_eq!(replies.reply().await, Reply::StockReserved);
    at_rest(&world, 0).await;
}

#[tokio::test]
async fn at_rest_both_sides_have_counted_the_same() {
    let (world, bus) = start().await;
    let tea = world.product("TEA", 10).await;
    let mut replies = bus.listen(topics::ORDERING_REPLIES).await;
    for number in 1..=20 {
        bus.send(number, &reserve(order(number), &lines([(&tea, 1)]))).await;
    }
    replies.hear(20).await;
    let audit = at_rest(&world, 0).await;
    let outbox: OutboxAudit = serde_json::from_value(audit["outbox"].clone()).unwrap();
    assert_eq!(
        (count(&outbox, topics::ORDERING_REPLIES), count(&outbox, topics::WAREHOUSE_EVENTS)),
        (20, 21)
    );
    let outboxes = BTreeMap::from([("warehouse".to_owned(), outbox)]);
    let inbox: InboxAudit = serde_json::from_value(audit["inbox"].clone()).unwrap();
    assert_eq!(compare(&outboxes, &[InboxAudit { partitions: Vec::new(), ..inbox }]), []);
}

#[tokio::test]
async fn a_request_is_replied_to_with_what_the_product_costs_now() {
    let (world, bus) = start().await;
    let tea = world.product("TEA", 10).await;
    world.alter(&tea, None, &json!({"name": "Black tea", "unit_price": eur(5)})).await;
    let reply = bus.quote(&tea).await;
    let quote = Quote { sku: tea, name: "Black tea".parse().unwrap(), unit_price: eur(5) };
    assert_eq!(reply.data.parse::<Quote>().unwrap(), quote);
    assert_eq!(
        (reply.kind.as_str(), reply.causation_id),
        (kinds::WAREHOUSE_QUOTE, Some(Uuid::from_u128(99)))
    );
}

#[tokio::test]
async fn a_product_that_is_not_kept_has_no_quote() {
    let (_world, bus) = start().await;
    let reply = bus.quote(&sku("NONE")).await;
    assert_eq!(reply.data.parse::<Option<Quote>>().unwrap(), None);
}

#[tokio::test]
async fn nobody_tells_what_a_product_costs_while_the_service_is_away() {
    let (mut world, bus) = start().await;
    let tea = world.product("TEA", 10).await;
    bus.quote(&tea).await;
    world.stop().await;
    assert!(bus.try_quote(&tea).await.is_err());
}

#[tokio::test]
async fn the_participant_of_rest_is_not_there() {
    let (world, _bus) = start().await;
    let tea = world.product("TEA", 10).await;
    let call = chassis::client::Call::put(world.url(&format!("/internal/reservations/{}", order(7))));
    let response = world.send(call.json(&reserve(order(7), &lines([(&tea, 1)]))).unwrap()).await;
    assert_eq!(refusal(&response), (404, "NOT_FOUND".to_owned()));
}

fn count(outbox: &OutboxAudit, topic: &str) -> u64 {
    outbox.partitions.iter().filter(|row| row.topic == topic).map(|row| row.published.count).sum()
}

/// The audit, once everything is sent and so many messages are parked.
async fn at_rest(world: &World, parked: u64) -> Value {
    let settled = async {
        loop {
            let audit = world.admin("/audit").await;
            if audit["pending"] == json!({"outbox": 0, "parked": parked}) {
                return audit;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), settled).await.unwrap()
}
