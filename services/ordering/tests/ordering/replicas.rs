//! Two replicas over one database: one asks the participants, and the other goes on when it is gone.

use std::time::Duration;

use chassis::{client::Call, service::Running};
use contracts::ordering::{Order, OrderStatus};
use ordering::{App, Config};
use serde_json::Value;
use tokio::time::Instant;

use crate::support::{ANY_PORT, Ask, World, in_both_styles, order_of, until, with};

in_both_styles! {
    of_two_replicas_one_asks_for_the_orders_of_both,
    when_one_is_gone_the_other_takes_over_within_the_lease,
    a_replica_that_stops_hands_over_at_once,
    a_client_of_one_replica_hears_what_the_other_does,
}

/// How long the one who asks is the only one who may, without saying that it lives.
const LEASE: Duration = Duration::from_secs(10);

/// How long it may take until the other looks.
const LOOK: Duration = Duration::from_millis(2_600);

/// Starts another replica, and tells where it listens.
fn second(world: &World) -> (Running, String) {
    let config = Config { listen: ANY_PORT, ..world.config.clone() };
    let app = App::build(&config, &world.platform.clone().named("second")).unwrap();
    let url = format!("http://{}", app.address());
    (app, url)
}

/// Places an order through the replica that listens here.
async fn placed_at(world: &World, url: &str) -> Order {
    let body = order_of(&[("TEA", 2)]);
    let create = Call::post(format!("{url}/v1/orders")).json(&body).unwrap();
    let order: Order = world.send(create).await.json().unwrap();
    let place = with(Call::post(format!("{url}/v1/orders/{}/place", order.id)), "prefer", "wait=0");
    assert_eq!(world.send(place).await.status, 202);
    order
}

/// How often anything was asked for this order.
fn asked(world: &World, order: &Order) -> usize {
    world.peers.all_asked().iter().filter(|asked| asked.order == order.id).count()
}

async fn of_two_replicas_one_asks_for_the_orders_of_both(world: World) {
    let (_second, url) = second(&world);
    for at in [world.url(""), url.clone(), world.url(""), url] {
        let order = placed_at(&world, &at).await;
        world.until_in(&order, OrderStatus::Completed).await;
        assert_eq!(asked(&world, &order), Ask::FORWARD.len(), "each is asked once");
    }
}

async fn when_one_is_gone_the_other_takes_over_within_the_lease(mut world: World) {
    let (second, url) = second(&world);
    let done = placed_at(&world, &url).await;
    world.until_in(&done, OrderStatus::Completed).await;
    world.peers.hold(Ask::ReserveStock);
    let under_way = placed_at(&world, &url).await;
    world.peers.until_asked(Ask::ReserveStock, 2).await;
    world.crash().await;
    world.peers.ordering_is_at(second.address());
    let gone = Instant::now();
    world.peers.let_go(Ask::ReserveStock);
    let (client, show) = (world.http.clone(), Call::get(format!("{url}/v1/orders/{}", under_way.id)));
    until("the other replica has it completed", async || {
        let order: Order = client.send(show.clone()).await.unwrap().json().unwrap();
        (order.status == OrderStatus::Completed).then_some(())
    })
    .await;
    let took = gone.elapsed();
    assert!(took < LEASE + LOOK, "it took {took:?}");
    // What was being asked when the first was gone is asked once more; all else once.
    assert!(asked(&world, &under_way) <= Ask::FORWARD.len() + 1);
    // Of what was done long ago the one that takes over asks nothing.
    tokio::time::sleep(2 * LEASE).await;
    assert_eq!(asked(&world, &done), Ask::FORWARD.len());
}

async fn a_replica_that_stops_hands_over_at_once(mut world: World) {
    let (second, url) = second(&world);
    let before = placed_at(&world, &world.url("")).await;
    world.until_in(&before, OrderStatus::Completed).await;
    world.stop().await;
    world.peers.ordering_is_at(second.address());
    let stopped = Instant::now();
    let call = Call::post(format!("{url}/v1/orders")).json(&placed_body()).unwrap();
    let order: Order = world.send(with(call, "prefer", "wait=30")).await.json().unwrap();
    assert_eq!(order.status, OrderStatus::Completed);
    assert!(stopped.elapsed() < LOOK, "it took {:?}", stopped.elapsed());
}

async fn a_client_of_one_replica_hears_what_the_other_does(world: World) {
    let (_second, url) = second(&world);
    world.until_in(&placed_at(&world, &world.url("")).await, OrderStatus::Completed).await;
    let call = Call::post(format!("{url}/v1/orders")).json(&placed_body()).unwrap();
    let response = world.send(with(call, "prefer", "wait=30")).await;
    assert_eq!(response.status, 200);
    assert_eq!(response.json::<Order>().unwrap().status, OrderStatus::Completed);
}

fn placed_body() -> Value {
    let mut body = order_of(&[("TEA", 2)]);
    body["place"] = true.into();
    body
}
