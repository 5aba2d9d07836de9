//! Ordering is ended as by a crash at every step, and started again on the same data.

use contracts::{
    Style,
    ordering::{Order, OrderStatus},
};

use crate::support::{Answer, Ask, Asked, World, in_both_styles};

in_both_styles! {
    an_order_goes_on_after_a_crash_at_any_step,
    an_order_is_undone_after_a_crash_at_any_step_back,
    answers_wait_for_ordering_to_come_back,
    an_order_ends_right_wherever_in_its_life_ordering_is_ended,
    a_stop_is_as_good_as_a_crash,
}

async fn an_order_goes_on_after_a_crash_at_any_step(mut world: World) {
    for ask in Ask::FORWARD {
        let order = crash_while_it_is_asked(&mut world, ask).await;
        let order = world.until_in(&order, OrderStatus::Completed).await;
        assert_eq!(world.until_at_rest(&order).await, order);
        is_asked_the_same_again(&world, &order, &Ask::FORWARD);
    }
}

async fn an_order_is_undone_after_a_crash_at_any_step_back(mut world: World) {
    for ask in Ask::BACK {
        world.peers.answer(Ask::Ship, Answer::carrier_refuses());
        let order = crash_while_it_is_asked(&mut world, ask).await;
        let order = world.until_in(&order, OrderStatus::Cancelled).await;
        assert_eq!(world.until_at_rest(&order).await, order);
        is_asked_the_same_again(&world, &order, &Ask::BACK);
    }
}

/// The participant has heard, and ordering dies before it is answered; then it lives again, and gets the answer.
async fn crash_while_it_is_asked(world: &mut World, ask: Ask) -> Order {
    world.peers.hold(ask);
    let before = world.peers.asked(ask).len();
    let order = world.placed().await;
    world.peers.until_asked(ask, before + 1).await;
    world.crash().await;
    world.restart();
    world.peers.until_asked(ask, before + 2).await;
    world.peers.let_go(ask);
    order
}

/// Whatever was asked more than once of this order, was asked with the same words in the same place.
fn is_asked_the_same_again(world: &World, order: &Order, asks: &[Ask]) {
    for ask in asks {
        let asked = world.peers.asked(*ask);
        let asked: Vec<_> = asked.iter().filter(|asked| asked.order == order.id).collect();
        let first: &Asked = asked[0];
        for again in &asked {
            assert_eq!((&again.request, &again.address), (&first.request, &first.address));
        }
        // A message is known by its id: the first is the one that was written with the decision.
        let ids: Vec<_> = asked.iter().filter_map(|asked| asked.id).collect();
        assert_eq!(ids.len(), if world.style == Style::Messaging { asked.len() } else { 0 });
        let name =
            if Ask::BACK.contains(ask) { format!("{}/undo", step(*ask)) } else { step(*ask).to_owned() };
        let decided = ::messaging::derived_id(&format!("ordering/{name}"), order.id.uuid(), 0);
        assert!(
            ids.first().is_none_or(|first| *first == decided),
            "it does not follow from the order and the step"
        );
    }
}

const fn step(ask: Ask) -> &'static str {
    match ask {
        Ask::ReserveCredit | Ask::ReleaseCredit => "reserve_credit",
        Ask::ReserveStock | Ask::ReleaseStock => "reserve_stock",
        Ask::Ship | Ask::CallOff => "ship",
        Ask::TakeStockOut => "take_stock_out",
        Ask::Bill => "bill",
        Ask::SettleCredit => "settle_credit",
    }
}

async fn answers_wait_for_ordering_to_come_back(mut world: World) {
    for ask in [Ask::Ship, Ask::Bill] {
        world.peers.hold(ask);
        let before = world.peers.asked(ask).len();
        let order = world.placed().await;
        world.peers.until_asked(ask, before + 1).await;
        world.until_told().await;
        world.crash().await;
        // The answer is on its way while nobody is there to take it.
        world.peers.let_go(ask);
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        world.restart();
        world.until_in(&order, OrderStatus::Completed).await;
        assert_eq!(world.peers.asked(ask).len(), before + 1, "{ask:?} need not be asked again");
        world.until_at_rest(&order).await;
    }
}

async fn an_order_ends_right_wherever_in_its_life_ordering_is_ended(mut world: World) {
    let mut reached = Vec::new();
    for turns in 0.. {
        let order = world.create(&[("TEA", 2)]).await;
        let before = world.peers.all_asked().len();
        // Whoever places it may never hear whether it was.
        let (client, place) = (world.http.clone(), world.place(&order));
        let placing = tokio::spawn(async move { client.send(place).await.is_ok() });
        world.crash_after(turns).await;
        reached.push(world.peers.all_asked().len() - before);
        world.restart();
        if !placing.await.unwrap() && world.show(&order).await.status == OrderStatus::Open {
            world.send(world.place(&order)).await;
        }
        let order = world.until_in(&order, OrderStatus::Completed).await;
        assert_eq!(world.until_at_rest(&order).await, order, "ended after {turns} turns");
        if reached.last() == Some(&Ask::FORWARD.len()) {
            break;
        }
    }
    reached.dedup();
    assert!(reached.len() >= 4, "ordering was ended when so much had been asked: {reached:?}");
}

async fn a_stop_is_as_good_as_a_crash(mut world: World) {
    for ask in Ask::FORWARD {
        world.peers.hold(ask);
        let before = world.peers.asked(ask).len();
        let order = world.placed().await;
        world.peers.until_asked(ask, before + 1).await;
        world.stop().await;
        world.peers.let_go(ask);
        world.restart();
        let order = world.until_in(&order, OrderStatus::Completed).await;
        assert_eq!(world.until_at_rest(&order).await, order);
    }
}
