//! What orders ask, over the participant of `rest`.

use chassis::client::Call;
use contracts::warehouse::{Reply, StockRefusal};

use crate::support::{World, lines, order, refusal, release, reserve, sku, take_out};

fn refused(reason: StockRefusal) -> Reply {
    Reply::StockRefused { reason }
}

#[tokio::test]
async fn stock_is_set_aside_for_every_line() {
    let world = World::start();
    let (tea, cups) = (world.product("TEA", 12).await, world.product("CUPS", 3).await);
    let reply = world.ask(&reserve(order(1), &lines([(&tea, 5), (&cups, 3)]))).await;
    assert_eq!(reply, Reply::StockReserved);
    assert_eq!((world.stock(&tea).await, world.stock(&cups).await), ((12, 5), (3, 3)));
}

#[tokio::test]
async fn a_reservation_repeated_is_answered_alike_and_counts_once() {
    let world = World::start();
    let tea = world.product("TEA", 12).await;
    for _ in 0..2 {
        assert_eq!(world.ask(&reserve(order(1), &lines([(&tea, 5)]))).await, Reply::StockReserved);
    }
    assert_eq!(world.stock(&tea).await, (12, 5));
    assert_eq!(world.find(&tea).await.version, 2);
}

#[tokio::test]
async fn one_line_that_is_out_of_stock_sets_nothing_aside_for_the_others() {
    let world = World::start();
    let (tea, cups) = (world.product("TEA", 12).await, world.product("CUPS", 3).await);
    for asked in [lines([(&tea, 5), (&cups, 4)]), lines([(&cups, 4), (&tea, 5)])] {
        assert_eq!(world.ask(&reserve(order(1), &asked)).await, refused(StockRefusal::OutOfStock));
        assert_eq!((world.stock(&tea).await, world.stock(&cups).await), ((12, 0), (3, 0)));
    }
}

#[tokio::test]
async fn what_was_refused_is_refused_again_however_much_there_is_by_then() {
    let world = World::start();
    let (tea, cups) = (world.product("TEA", 12).await, world.product("CUPS", 3).await);
    let all = lines([(&tea, 12)]);
    world.ask(&reserve(order(1), &all)).await;
    let asked = lines([(&cups, 1), (&tea, 1)]);
    assert_eq!(world.ask(&reserve(order(2), &asked)).await, refused(StockRefusal::OutOfStock));
    world.ask(&release(order(1), &all)).await;
    assert_eq!(world.ask(&reserve(order(2), &asked)).await, refused(StockRefusal::OutOfStock));
    assert_eq!((world.stock(&tea).await, world.stock(&cups).await), ((12, 0), (3, 0)));
}

#[tokio::test]
async fn a_product_that_is_not_kept_is_out_of_stock() {
    let world = World::start();
    let tea = world.product("TEA", 12).await;
    let asked = lines([(&tea, 1), (&sku("NONE"), 1)]);
    assert_eq!(world.ask(&reserve(order(1), &asked)).await, refused(StockRefusal::OutOfStock));
    assert_eq!(world.stock(&tea).await, (12, 0));
}

#[tokio::test]
async fn a_release_frees_every_line_once_and_for_all() {
    let world = World::start();
    let (tea, cups) = (world.product("TEA", 12).await, world.product("CUPS", 3).await);
    let asked = lines([(&tea, 5), (&cups, 3)]);
    world.ask(&reserve(order(1), &asked)).await;
    for _ in 0..2 {
        assert_eq!(world.ask(&release(order(1), &asked)).await, Reply::StockReleased);
    }
    assert_eq!((world.stock(&tea).await, world.stock(&cups).await), ((12, 0), (3, 0)));
    assert_eq!(world.ask(&reserve(order(1), &asked)).await, refused(StockRefusal::Released));
    assert_eq!((world.stock(&tea).await, world.stock(&cups).await), ((12, 0), (3, 0)));
}

#[tokio::test]
async fn a_release_that_overtakes_its_reservation_keeps_it_from_happening() {
    let mut world = World::start();
    let (tea, cups) = (world.product("TEA", 12).await, world.product("CUPS", 3).await);
    let asked = lines([(&tea, 5), (&cups, 3)]);
    assert_eq!(world.ask(&release(order(1), &asked)).await, Reply::StockReleased);
    world.crash();
    world.restart();
    assert_eq!(world.ask(&reserve(order(1), &asked)).await, refused(StockRefusal::Released));
    assert_eq!((world.stock(&tea).await, world.stock(&cups).await), ((12, 0), (3, 0)));
}

#[tokio::test]
async fn nothing_is_released_or_taken_out_of_what_is_not_kept_and_that_succeeds() {
    let world = World::start();
    let asked = lines([(&sku("NONE"), 1)]);
    assert_eq!(world.ask(&release(order(1), &asked)).await, Reply::StockReleased);
    assert_eq!(world.ask(&take_out(order(1), &asked)).await, Reply::StockTakenOut);
}

#[tokio::test]
async fn what_is_taken_out_is_no_longer_on_hand_however_often_it_is_asked_for() {
    let world = World::start();
    let (tea, cups) = (world.product("TEA", 12).await, world.product("CUPS", 3).await);
    let asked = lines([(&tea, 5), (&cups, 3)]);
    world.ask(&reserve(order(1), &asked)).await;
    for _ in 0..2 {
        assert_eq!(world.ask(&take_out(order(1), &asked)).await, Reply::StockTakenOut);
    }
    assert_eq!((world.stock(&tea).await, world.stock(&cups).await), ((7, 0), (0, 0)));
    // Too late to give it back.
    assert_eq!(world.ask(&release(order(1), &asked)).await, Reply::StockReleased);
    assert_eq!((world.stock(&tea).await, world.stock(&cups).await), ((7, 0), (0, 0)));
}

#[tokio::test]
async fn a_hundred_lines_are_one_reservation() {
    let world = World::start();
    let mut asked = Vec::new();
    for number in 0..100 {
        let product = world.product(&format!("TEA-{number}"), 1).await;
        asked.extend(lines([(&product, 1)]));
    }
    assert_eq!(world.ask(&reserve(order(1), &asked)).await, Reply::StockReserved);
    assert_eq!(world.ask(&reserve(order(2), &asked[99..])).await, refused(StockRefusal::OutOfStock));
}

#[tokio::test]
async fn a_command_that_is_another_than_the_address_says_is_malformed() {
    let world = World::start();
    let tea = world.product("TEA", 12).await;
    let path = format!("/internal/reservations/{}", order(1));
    let asked = lines([(&tea, 1)]);
    let other_order = Call::put(world.url(&path)).json(&reserve(order(2), &asked)).unwrap();
    let other_command = Call::put(world.url(&path)).json(&release(order(1), &asked)).unwrap();
    for call in [other_order, other_command] {
        assert_eq!(refusal(&world.send(call).await), (400, "MALFORMED_REQUEST".to_owned()));
    }
    assert_eq!(world.find(&tea).await.version, 1);
}

#[tokio::test]
async fn fields_that_a_newer_ordering_adds_are_ignored() {
    let world = World::start();
    let tea = world.product("TEA", 12).await;
    let mut body = serde_json::to_value(reserve(order(1), &lines([(&tea, 1)]))).unwrap();
    body["priority"] = serde_json::json!("high");
    body["lines"][0]["shelf"] = serde_json::json!(7);
    let call = Call::put(world.url(&format!("/internal/reservations/{}", order(1)))).json(&body).unwrap();
    assert_eq!(world.send(call).await.status, 200);
}
