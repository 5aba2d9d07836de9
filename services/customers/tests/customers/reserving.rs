//! What orders ask, over the participant of `rest`.

use chassis::client::Call;
use contracts::{
    CustomerId,
    customers::{CreditRefusal, Reply},
};
use uuid::Uuid;

use crate::support::{World, eur, order, refusal, release, reserve, settle, usd};

fn refused(reason: CreditRefusal) -> Reply {
    Reply::CreditRefused { reason }
}

#[tokio::test]
async fn credit_is_set_aside_and_the_answer_says_who_the_customer_is() {
    let world = World::start();
    let id = world.customer(100).await;
    let reply = world.ask(&reserve(id, order(1), eur(60))).await;
    let Reply::CreditReserved { contact } = reply else { panic!("{reply:?}") };
    assert_eq!((contact.name.as_str(), contact.email.as_str()), ("Ada Lovelace", "ada@example.org"));
    assert_eq!(contact.address.city.as_str(), "London");
    let customer = world.find(id).await;
    assert_eq!((customer.credit_reserved, customer.credit_available), (eur(60), eur(40)));
}

#[tokio::test]
async fn a_reservation_repeated_is_answered_alike_and_counts_once() {
    let world = World::start();
    let id = world.customer(100).await;
    let first = world.ask(&reserve(id, order(1), eur(60))).await;
    assert_eq!(world.ask(&reserve(id, order(1), eur(60))).await, first);
    let customer = world.find(id).await;
    assert_eq!((customer.credit_reserved, customer.version), (eur(60), 2));
}

#[tokio::test]
async fn each_refusal_says_why_and_sets_nothing_aside() {
    let world = World::start();
    let id = world.customer(100).await;
    let nobody = CustomerId::new(Uuid::from_u128(7));
    let asked = [
        (reserve(nobody, order(1), eur(1)), CreditRefusal::UnknownCustomer),
        (reserve(id, order(1), eur(101)), CreditRefusal::InsufficientCredit),
        (reserve(id, order(2), usd(1)), CreditRefusal::CurrencyMismatch),
    ];
    for (command, reason) in asked {
        assert_eq!(world.ask(&command).await, refused(reason));
    }
    assert_eq!((world.find(id).await.credit_reserved, world.find(id).await.version), (eur(0), 3));
}

#[tokio::test]
async fn what_was_refused_is_refused_again_however_much_credit_there_is_by_then() {
    let world = World::start();
    let id = world.customer(100).await;
    world.ask(&reserve(id, order(1), eur(60))).await;
    let late = [
        (order(2), eur(60), CreditRefusal::InsufficientCredit),
        (order(3), usd(1), CreditRefusal::CurrencyMismatch),
    ];
    for (order, amount, reason) in late {
        assert_eq!(world.ask(&reserve(id, order, amount)).await, refused(reason));
    }
    world.ask(&settle(id, order(1))).await;
    for (order, amount, reason) in late {
        assert_eq!(world.ask(&reserve(id, order, amount)).await, refused(reason));
    }
    assert_eq!(world.find(id).await.credit_reserved, eur(0));
}

#[tokio::test]
async fn a_release_frees_the_credit_once_and_for_all() {
    let world = World::start();
    let id = world.customer(100).await;
    world.ask(&reserve(id, order(1), eur(60))).await;
    for _ in 0..2 {
        assert_eq!(world.ask(&release(id, order(1))).await, Reply::CreditReleased);
    }
    assert_eq!(world.find(id).await.credit_reserved, eur(0));
    assert_eq!(world.ask(&reserve(id, order(1), eur(60))).await, refused(CreditRefusal::Released));
    assert_eq!(world.find(id).await.credit_reserved, eur(0));
}

#[tokio::test]
async fn a_release_that_overtakes_its_reservation_keeps_it_from_happening() {
    let mut world = World::start();
    let id = world.customer(100).await;
    assert_eq!(world.ask(&release(id, order(1))).await, Reply::CreditReleased);
    world.crash();
    world.restart();
    assert_eq!(world.ask(&reserve(id, order(1), eur(60))).await, refused(CreditRefusal::Released));
    assert_eq!(world.find(id).await.credit_reserved, eur(0));
}

#[tokio::test]
async fn nothing_is_released_or_settled_for_nobody_and_that_succeeds() {
    let world = World::start();
    let nobody = CustomerId::new(Uuid::from_u128(7));
    assert_eq!(world.ask(&release(nobody, order(1))).await, Reply::CreditReleased);
    assert_eq!(world.ask(&settle(nobody, order(1))).await, Reply::CreditSettled);
}

#[tokio::test]
async fn a_settled_order_frees_its_credit_for_the_next() {
    let world = World::start();
    let id = world.customer(100).await;
    world.ask(&reserve(id, order(1), eur(60))).await;
    for _ in 0..2 {
        assert_eq!(world.ask(&settle(id, order(1))).await, Reply::CreditSettled);
    }
    assert!(matches!(world.ask(&reserve(id, order(2), eur(100))).await, Reply::CreditReserved { .. }));
    assert_eq!(world.find(id).await.credit_reserved, eur(100));
}

#[tokio::test]
async fn a_command_that_is_another_than_the_address_says_is_malformed() {
    let world = World::start();
    let id = world.customer(100).await;
    let path = format!("/internal/reservations/{}", order(1));
    let other_order = Call::put(world.url(&path)).json(&reserve(id, order(2), eur(1))).unwrap();
    let other_command = Call::put(world.url(&path)).json(&release(id, order(1))).unwrap();
    for call in [other_order, other_command] {
        assert_eq!(refusal(&world.send(call).await), (400, "MALFORMED_REQUEST".to_owned()));
    }
    assert_eq!(world.find(id).await.version, 1);
}

#[tokio::test]
async fn fields_that_a_newer_ordering_adds_are_ignored() {
    let world = World::start();
    let id = world.customer(100).await;
    let mut body = serde_json::to_value(reserve(id, order(1), eur(1))).unwrap();
    body["priority"] = serde_json::json!("high");
    let call = Call::put(world.url(&format!("/internal/reservations/{}", order(1)))).json(&body).unwrap();
    assert_eq!(world.send(call).await.status, 200);
}
