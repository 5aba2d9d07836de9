//! The same over the system's sockets, clock and threads: nothing depends on the simulation.

use chassis::platform::Platform;
use contracts::{Style, ordering::OrderStatus};
use futures_util::future::join_all;

use crate::support::{Ask, Events, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_that_are_placed_at_the_same_time_complete() {
    for style in Style::ORCHESTRATED {
        let world = World::start_on(style, Platform::system()).await;
        let orders = join_all((0..16).map(|_| world.placed())).await;
        for order in &orders {
            world.until_in(order, OrderStatus::Completed).await;
            let asked = world.peers.all_asked().into_iter().filter(|asked| asked.order == order.id).count();
            assert_eq!(asked, Ask::FORWARD.len(), "each is asked once");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_followed_through_a_crash_to_its_end() {
    for style in Style::ORCHESTRATED {
        let mut world = World::start_on(style, Platform::system().named("the same as before")).await;
        world.peers.hold(Ask::Ship);
        let order = world.placed().await;
        world.until_in(&order, OrderStatus::Approved).await;
        world.crash().await;
        world.peers.let_go(Ask::Ship);
        world.restart();
        let told = Events::of(&world, &order.id.to_string(), None).await.unwrap().rest().await;
        assert_eq!(told.last().unwrap().short(), ("outcome", OrderStatus::Completed));
        world.stop().await;
    }
}
