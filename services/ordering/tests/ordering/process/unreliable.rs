//! Participants that answer twice, late, in another order, or not at all for a while.

use std::time::Duration;

use contracts::{
    Style,
    ordering::{Order, OrderStatus},
};
use ordering::process::Participant;

use crate::support::{Answer, Ask, Events, World, in_both_styles};

in_both_styles! {
    answers_that_come_twice_change_nothing,
    answers_that_come_twice_on_the_way_back_change_nothing,
    answers_to_what_follows_the_dispatch_come_in_any_order,
    participants_that_fail_are_asked_until_they_do_it,
    participants_that_fail_to_undo_are_asked_until_they_do_it,
    a_participant_that_fails_for_long_does_not_fill_the_log,
    participants_that_are_away_are_asked_when_they_are_back,
    slow_participants_are_waited_for,
    answers_that_come_after_a_time_out_and_a_repetition_are_as_good,
}

/// The statuses of an order on its way to its end, each of which it comes to once.
const TO_THE_END: [OrderStatus; 6] = [
    OrderStatus::Open,
    OrderStatus::Pending,
    OrderStatus::CreditConfirmed,
    OrderStatus::Approved,
    OrderStatus::Shipped,
    OrderStatus::Completed,
];

/// The order is at rest, was at every status once, and is `COMPLETED`.
async fn completed_step_by_step(world: &World, order: &Order) {
    let order = world.until_in(order, OrderStatus::Completed).await;
    assert_eq!(world.until_at_rest(&order).await, order);
    let events = Events::of(world, &order.id.to_string(), None).await.unwrap().rest().await;
    let statuses: Vec<_> = events.iter().map(|event| event.change.status).collect();
    assert_eq!(statuses, [&TO_THE_END[..], &[OrderStatus::Completed]].concat(), "and the outcome");
}

async fn answers_that_come_twice_change_nothing(world: World) {
    Ask::FORWARD.into_iter().for_each(|ask| world.peers.answer(ask, ask.usual().twice()));
    let order = world.placed().await;
    completed_step_by_step(&world, &order).await;
}

async fn answers_that_come_twice_on_the_way_back_change_nothing(world: World) {
    world.peers.answer(Ask::Ship, Answer::carrier_refuses().twice());
    Ask::BACK.into_iter().for_each(|ask| world.peers.answer(ask, ask.usual().twice()));
    let order = world.placed().await;
    let order = world.until_in(&order, OrderStatus::Cancelled).await;
    assert_eq!(world.until_at_rest(&order).await, order);
    assert_eq!(world.peers.all_asked().len(), 3 + Ask::BACK.len(), "each is asked once");
}

async fn answers_to_what_follows_the_dispatch_come_in_any_order(world: World) {
    use Ask::{Bill, SettleCredit, TakeStockOut};
    for order_of_answers in [
        [TakeStockOut, Bill, SettleCredit],
        [Bill, TakeStockOut, SettleCredit],
        [Bill, SettleCredit, TakeStockOut],
    ] {
        order_of_answers.into_iter().for_each(|ask| world.peers.hold(ask));
        let order = world.placed().await;
        for ask in order_of_answers {
            world.until_in(&order, OrderStatus::Shipped).await;
            world.peers.let_go(ask);
            let step = step_of(ask);
            crate::support::until("the answer is taken in", async || {
                world.log(&order).await.contains(&(step.to_owned(), "done".to_owned())).then_some(())
            })
            .await;
        }
        completed_step_by_step(&world, &order).await;
    }
}

/// What a step is called in the saga's log.
fn step_of(ask: Ask) -> &'static str {
    match ask {
        Ask::ReserveCredit | Ask::ReleaseCredit => "reserve_credit",
        Ask::ReserveStock | Ask::ReleaseStock => "reserve_stock",
        Ask::Ship | Ask::CallOff => "ship",
        Ask::TakeStockOut => "take_stock_out",
        Ask::Bill => "bill",
        Ask::SettleCredit => "settle_credit",
    }
}

async fn participants_that_fail_are_asked_until_they_do_it(world: World) {
    for ask in Ask::FORWARD {
        world.peers.answer_once(ask, [Answer::fails(), Answer::fails(), Answer::fails()]);
    }
    let order = world.placed().await;
    completed_step_by_step(&world, &order).await;
    let log = world.log(&order).await;
    for ask in Ask::FORWARD {
        let asked = world.peers.asked(ask);
        assert_eq!(asked.len(), 4, "{ask:?}");
        assert!(asked.iter().all(|again| again.request == asked[0].request), "the same each time");
        let retry = (step_of(ask).to_owned(), "retry".to_owned());
        assert_eq!(log.iter().filter(|entry| **entry == retry).count(), 3, "{ask:?} in {log:?}");
    }
}

async fn participants_that_fail_to_undo_are_asked_until_they_do_it(world: World) {
    world.peers.answer(Ask::Ship, Answer::carrier_refuses());
    for ask in Ask::BACK {
        world.peers.answer_once(ask, [Answer::fails(), Answer::fails()]);
    }
    let order = world.placed().await;
    let order = world.until_in(&order, OrderStatus::Cancelled).await;
    assert_eq!(world.until_at_rest(&order).await, order);
    for ask in Ask::BACK {
        assert_eq!(world.peers.asked(ask).len(), 3, "{ask:?}");
    }
}

async fn a_participant_that_fails_for_long_does_not_fill_the_log(world: World) {
    const FAILURES: usize = 70;
    world.peers.answer_once(Ask::ReserveStock, vec![Answer::fails(); FAILURES]);
    let order = world.placed().await;
    for times in 1..=FAILURES + 1 {
        world.peers.until_asked(Ask::ReserveStock, times).await;
    }
    completed_step_by_step(&world, &order).await;
    assert_eq!(world.peers.asked(Ask::ReserveStock).len(), FAILURES + 1);
    let retry = (step_of(Ask::ReserveStock).to_owned(), "retry".to_owned());
    let told = world.log(&order).await.into_iter().filter(|entry| *entry == retry).count();
    // The first ten, and of those that follow the 16th, the 32nd and the 64th; over HTTP also the 128th, since what an open circuit
    // refuses was tried, too.
    assert!((13..=14).contains(&told), "{told}");
}

async fn participants_that_are_away_are_asked_when_they_are_back(world: World) {
    use Participant::{Billing, Customers, Shipping, Warehouse};
    for (participant, status) in [
        (Customers, OrderStatus::Pending),
        (Warehouse, OrderStatus::CreditConfirmed),
        (Shipping, OrderStatus::Approved),
        (Billing, OrderStatus::Shipped),
    ] {
        let order = world.create(&[("TEA", 2)]).await;
        world.peers.goes_away(participant);
        world.send(world.place(&order)).await;
        world.until_in(&order, status).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(world.show(&order).await.status, status, "without {participant:?}");
        world.peers.comes_back(participant);
        completed_step_by_step(&world, &order).await;
    }
}

async fn slow_participants_are_waited_for(world: World) {
    for ask in Ask::FORWARD {
        world.peers.answer(ask, ask.usual().after(Duration::from_secs(4)));
    }
    let order = world.placed().await;
    completed_step_by_step(&world, &order).await;
    assert_eq!(world.peers.all_asked().len(), Ask::FORWARD.len(), "each is asked once");
}

async fn answers_that_come_after_a_time_out_and_a_repetition_are_as_good(world: World) {
    for ask in Ask::FORWARD {
        world.peers.answer(ask, ask.usual().after(Duration::from_secs(7)));
        // Nobody hears a response that comes too late: the repetition has to be answered in time.
        let in_time = ask.usual();
        if world.style == Style::Rest && !in_time.later {
            world.peers.answer_once(ask, [ask.usual().after(Duration::from_secs(7)), in_time]);
        }
    }
    let order = world.placed().await;
    completed_step_by_step(&world, &order).await;
    for ask in Ask::FORWARD {
        assert_eq!(world.peers.asked(ask).len(), 2, "{ask:?}");
    }
}
