//! What orders ask, over the participant of `messaging`.

use std::collections::BTreeMap;

use contracts::{
    customers::{CreditRefusal, Event, Reply},
    topics::{self, kinds},
};
use customers::Reach;
use messaging::{
    Data,
    audit::{InboxAudit, OutboxAudit, compare},
    derived_id,
    publishing::events as events_of,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    bus::{Bus, message},
    support::{World, eur, order, refusal, release, reserve, settle},
};

async fn start() -> (World, Bus) {
    let bus = Bus::start().await;
    (World::reached_by(Reach::Messaging(bus.broker())), bus)
}

#[tokio::test]
async fn a_command_is_answered_by_a_message_about_its_order() {
    let (world, bus) = start().await;
    let id = world.customer(100).await;
    let mut replies = bus.listen(topics::ORDERING_REPLIES).await;
    bus.send(1, &reserve(id, order(7), eur(60))).await;
    let answer = replies.hear(1).await.remove(0);
    assert!(matches!(answer.data.parse(), Ok(Reply::CreditReserved { .. })), "{answer:?}");
    assert_eq!((answer.kind.as_str(), answer.source.as_str()), (kinds::CUSTOMERS_REPLY, "customers"));
    assert_eq!((&answer.subject, &answer.partition_key), (&order(7).to_string(), &order(7).to_string()));
    assert_eq!(answer.id, derived_id("customers", Uuid::from_u128(1), 0));
    assert_eq!(
        (answer.causation_id, answer.correlation_id),
        (Some(Uuid::from_u128(1)), Some(order(7).uuid()))
    );
    assert_eq!(answer.traceparent.unwrap(), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    assert_eq!(world.find(id).await.credit_reserved, eur(60));
}

#[tokio::test]
async fn a_message_that_comes_twice_is_answered_once_and_a_command_asked_twice_twice() {
    let (world, bus) = start().await;
    let id = world.customer(100).await;
    let mut replies = bus.listen(topics::ORDERING_REPLIES).await;
    let command = reserve(id, order(7), eur(60));
    for number in [1, 1, 2] {
        bus.send(number, &command).await;
    }
    let causes: Vec<_> = replies.hear(2).await.into_iter().map(|answer| answer.causation_id).collect();
    assert_eq!(causes, [Some(Uuid::from_u128(1)), Some(Uuid::from_u128(2))]);
    assert_eq!(world.find(id).await.credit_reserved, eur(60));
}

#[tokio::test]
async fn an_order_is_answered_in_the_order_in_which_it_asked() {
    let (world, bus) = start().await;
    let id = world.customer(100).await;
    let mut replies = bus.listen(topics::ORDERING_REPLIES).await;
    bus.send(1, &release(id, order(7))).await;
    bus.send(2, &reserve(id, order(7), eur(60))).await;
    bus.send(3, &settle(id, order(7))).await;
    assert_eq!(replies.reply().await, Reply::CreditReleased);
    assert_eq!(replies.reply().await, Reply::CreditRefused { reason: CreditRefusal::Released });
    assert_eq!(replies.reply().await, Reply::CreditSettled);
}

#[tokio::test]
async fn what_was_sent_while_the_service_was_away_is_done_when_it_is_back() {
    let (mut world, bus) = start().await;
    let id = world.customer(100).await;
    let mut replies = bus.listen(topics::ORDERING_REPLIES).await;
    world.crash();
    bus.send(1, &reserve(id, order(7), eur(60))).await;
    world.restart();
    assert!(matches!(replies.reply().await, Reply::CreditReserved { .. }));
}

#[tokio::test]
async fn what_happens_is_published_without_a_gap() {
    let (world, bus) = start().await;
    let mut events = bus.listen(topics::CUSTOMERS_EVENTS).await;
    let id = world.customer(100).await;
    world.change_limit(id, None, eur(200)).await;
    bus.send(1, &reserve(id, order(7), eur(150))).await;
    let mut heard = events.hear(3).await;
    bus.send(2, &reserve(id, order(8), eur(150))).await; // refused, which happens, too
    heard.extend(events.hear(1).await);
    bus.send(3, &settle(id, order(7))).await;
    heard.extend(events.hear(1).await);
    let versions: Vec<_> = heard.iter().map(|event| (event.previous_version, event.version)).collect();
    assert_eq!(versions, [0, 1, 2, 3, 4].map(|before| (Some(before), Some(before + 1))));
    assert!(heard.iter().all(|event| event.subject == id.to_string()));
    assert!(heard.iter().all(|event| event.kind == "customer.changed"));
    let told: Vec<(u64, Event)> = heard.iter().flat_map(|change| events_of(change).unwrap()).collect();
    let settled = Event::CreditSettled { order_id: order(7), amount: eur(150) };
    assert_eq!((told.len(), &told[4]), (5, &(5, settled)));
}

#[tokio::test]
async fn what_cannot_be_understood_is_parked_and_holds_up_only_its_own_order() {
    let (world, bus) = start().await;
    let id = world.customer(100).await;
    let mut replies = bus.listen(topics::ORDERING_REPLIES).await;
    let nonsense = Data::of("nonsense").unwrap();
    bus.publish(message(1, kinds::CUSTOMERS_COMMAND, order(7), nonsense.clone())).await;
    bus.publish(message(2, "customers.invention", order(8), nonsense)).await;
    bus.send(3, &reserve(id, order(7), eur(1))).await;
    bus.send(4, &reserve(id, order(9), eur(1))).await;
    assert_eq!(replies.hear(1).await[0].causation_id, Some(Uuid::from_u128(4)));
    let audit = at_rest(&world, 3).await;
    assert_eq!(audit["pending"]["parked"], 3);
}

#[tokio::test]
async fn an_operator_sees_what_is_parked_and_lets_its_order_go_on_by_giving_it_up() {
    let (world, bus) = start().await;
    let id = world.customer(100).await;
    let mut replies = bus.listen(topics::ORDERING_REPLIES).await;
    bus.publish(message(1, kinds::CUSTOMERS_COMMAND, order(7), Data::of("nonsense").unwrap())).await;
    bus.send(2, &reserve(id, order(7), eur(1))).await;
    at_rest(&world, 2).await;
    let listed = world.admin("/dead-letters").await;
    assert_eq!(
        (&listed["items"][0]["id"], &listed["items"][0]["behind"]),
        (&json!(Uuid::from_u128(1)), &json!(1))
    );
    let path = format!("/dead-letters/{}/discard", Uuid::from_u128(1));
    let discarded = world.admin_post(&path, &json!({"by": "ops", "reason": "nonsense"})).await;
    assert_eq!(discarded.status, 200);
    assert!(matches!(replies.reply().await, Reply::CreditReserved { .. }));
    at_rest(&world, 0).await;
}

#[tokio::test]
async fn at_rest_both_sides_have_counted_the_same() {
    let (world, bus) = start().await;
    let id = world.customer(100).await;
    let mut replies = bus.listen(topics::ORDERING_REPLIES).await;
    for number in 1..=20 {
        bus.send(number, &reserve(id, order(number), eur(10))).await;
    }
    replies.hear(20).await;
    let audit = at_rest(&world, 0).await;
    let outbox: OutboxAudit = serde_json::from_value(audit["outbox"].clone()).unwrap();
    let inbox: InboxAudit = serde_json::from_value(audit["inbox"].clone()).unwrap();
    let replied: u64 = count(&outbox, topics::ORDERING_REPLIES);
    assert_eq!((replied, count(&outbox, topics::CUSTOMERS_EVENTS)), (20, 21));
    let outboxes = BTreeMap::from([("customers".to_owned(), outbox)]);
    assert_eq!(compare(&outboxes, &[InboxAudit { partitions: Vec::new(), ..inbox }]), []);
}

fn count(outbox: &OutboxAudit, topic: &str) -> u64 {
    outbox.partitions.iter().filter(|row| row.topic == topic).map(|row| row.published.count).sum()
}

#[tokio::test]
async fn the_participant_of_rest_is_not_there() {
    let (world, _bus) = start().await;
    let id = world.customer(100).await;
    let call = chassis::client::Call::put(world.url(&format!("/internal/reservations/{}", order(7))));
    let response = world.send(call.json(&reserve(id, order(7), eur(1))).unwrap()).await;
    assert_eq!(refusal(&response), (404, "NOT_FOUND".to_owned()));
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

#[tokio::test]
async fn an_event_says_what_it_is_a_reaction_to_and_for_whom_it_happened() {
    let (world, bus) = start().await;
    let mut events = bus.listen(topics::CUSTOMERS_EVENTS).await;
    let id = world.customer(100).await;
    let command = Data::of(&reserve(id, order(7), eur(60))).unwrap();
    let mut asked = message(1, kinds::CUSTOMERS_COMMAND, order(7), command);
    asked.actor = Some("ada".to_owned());
    bus.publish(asked.clone()).await;
    let [registered, reserved] = &events.hear(2).await[..] else { panic!("two events") };
    // A client's request has a trace and an id; that it is about no order, nobody need be told.
    assert!(registered.traceparent.is_some() && registered.causation_id.is_some());
    assert_eq!((registered.correlation_id, registered.actor.as_deref()), (None, None));
    assert_eq!(reserved.causation_id, Some(asked.id));
    assert_eq!(reserved.correlation_id, Some(order(7).uuid()));
    assert_eq!((&reserved.traceparent, &reserved.actor), (&asked.traceparent, &asked.actor));
}
