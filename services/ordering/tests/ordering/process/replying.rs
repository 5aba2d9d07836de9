//! Answers that come by messages, and messages that are none.

use ::messaging::{Data, Envelope};
use axum::http::StatusCode;
use chassis::client::{Call, Response};
use contracts::{
    OrderId, Style, billing,
    ordering::{Order, OrderStatus},
    topics::kinds,
};
use ordering::process::Reply;
use serde_json::Value;
use uuid::Uuid;

use crate::support::{Answer, Ask, World, in_both_styles, until};

in_both_styles! {
    a_message_that_comes_twice_is_taken_in_once,
    what_cannot_be_taken_in_holds_up_no_other_order,
}

/// An order that rests with its invoice unpaid, and the message that says that it is paid.
async fn unpaid(world: &World) -> (Order, Envelope) {
    world.peers.answer(Ask::Bill, Answer::unpaid());
    let order = world.placed().await;
    world.until_in(&order, OrderStatus::Shipped).await;
    let order = world.until_at_rest(&order).await;
    let paid = world.peers.message(order.id, &Reply::Billing(billing::Reply::InvoicePaid));
    (order, paid)
}

async fn a_message_that_comes_twice_is_taken_in_once(world: World) {
    let (order, paid) = unpaid(&world).await;
    for _ in 0..3 {
        world.peers.send(&paid).await;
    }
    world.until_in(&order, OrderStatus::Completed).await;
    let order = world.until_at_rest(&order).await;
    world.peers.send(&paid).await;
    assert_eq!(world.until_at_rest(&order).await, order);
    assert_eq!(world.peers.asked(Ask::SettleCredit).len(), 1);
}

async fn what_cannot_be_taken_in_holds_up_no_other_order(world: World) {
    let (order, paid) = unpaid(&world).await;
    let nobodys = OrderId::new(Uuid::from_u128(7));
    let strange = world.peers.message(nobodys, &Reply::Billing(billing::Reply::InvoicePaid));
    match world.style {
        // Whoever sends it is told that it is the message, and not ordering, that something is wrong with.
        Style::Rest => {
            let response = post(&world, &strange.to_json()).await;
            assert_eq!(response.status, StatusCode::INTERNAL_SERVER_ERROR);
        }
        _ => {
            world.peers.send(&strange).await;
            let listed = until("it is listed for an operator", async || {
                let letters = world.admin("/dead-letters").await;
                (letters["parked"] == 1).then_some(letters)
            })
            .await;
            assert!(listed.to_string().contains(&strange.id.to_string()), "{listed}");
        }
    }
    world.peers.send(&paid).await;
    world.until_in(&order, OrderStatus::Completed).await;
}

async fn post(world: &World, body: &str) -> Response {
    world.send(Call::post(world.url("/internal/replies")).body(body.to_owned())).await
}

#[tokio::test(start_paused = true)]
async fn what_is_no_answer_is_refused_where_answers_are_posted() {
    let world = World::start(Style::Rest).await;
    let (order, paid) = unpaid(&world).await;
    let other = |change: fn(&mut Envelope)| {
        let mut envelope = Envelope { id: Uuid::from_u128(1), ..paid.clone() };
        change(&mut envelope);
        envelope.to_json()
    };
    for (body, status) in [
        ("{".to_owned(), StatusCode::BAD_REQUEST),
        ("{}".to_owned(), StatusCode::BAD_REQUEST),
        (other(|it| it.kind = kinds::BILLING_COMMAND.to_owned()), StatusCode::UNPROCESSABLE_ENTITY),
        (other(|it| it.subject = "no order".to_owned()), StatusCode::UNPROCESSABLE_ENTITY),
        (other(|it| it.data = Data::of(&Value::from("paid")).unwrap()), StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let response = post(&world, &body).await;
        assert_eq!(response.status, status, "{body}");
        assert!(response.problem().is_some());
    }
    assert_eq!(world.show(&order).await, order);
    // An id that was refused is not one that was taken in.
    assert_eq!(post(&world, &other(|_| {})).await.status, StatusCode::NO_CONTENT);
    world.until_in(&order, OrderStatus::Completed).await;
}
