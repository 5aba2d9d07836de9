//! Many at once.

use contracts::{Count, warehouse::Reply};
use futures_util::future::join_all;
use serde_json::json;

use crate::support::{World, eur, lines, order, release, reserve};

#[tokio::test(flavor = "multi_thread")]
async fn many_orders_at_once_never_oversell_the_last_pieces() {
    let world = World::start();
    let tea = world.product("TEA", 10).await;
    let commands: Vec<_> = (1..=64).map(|number| reserve(order(number), &lines([(&tea, 1)]))).collect();
    let replies = join_all(commands.iter().map(|command| world.ask(command))).await;
    assert_eq!(replies.iter().filter(|reply| **reply == Reply::StockReserved).count(), 10);
    let product = world.find(&tea).await;
    let counts = [product.on_hand, product.reserved, product.available].map(Count::get);
    assert_eq!((counts, product.version), ([10, 10, 0], 65));
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_that_want_the_same_products_the_other_way_round_get_all_or_none() {
    let world = World::start();
    let (tea, cups) = (world.product("TEA", 32).await, world.product("CUPS", 20).await);
    let (there, back) = (lines([(&tea, 1), (&cups, 1)]), lines([(&cups, 1), (&tea, 1)]));
    let commands: Vec<_> =
        (1..=64).map(|number| reserve(order(number), if number % 2 == 0 { &there } else { &back })).collect();
    let replies = join_all(commands.iter().map(|command| world.ask(command))).await;
    assert_eq!(replies.iter().filter(|reply| **reply == Reply::StockReserved).count(), 20);
    assert_eq!((world.stock(&tea).await, world.stock(&cups).await), ((32, 20), (20, 20)));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_saw_the_same_version_one_changes_it() {
    let world = World::start();
    let tea = world.product("TEA", 1).await;
    let bodies: Vec<_> = (1..=16).map(|price| json!({"unit_price": eur(price)})).collect();
    let sent = join_all(bodies.iter().map(|body| world.alter(&tea, Some(1), body))).await;
    let statuses: Vec<_> = sent.iter().map(|response| response.status.as_u16()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 412).count(), 15, "{statuses:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_restock_is_lost_among_many() {
    let world = World::start();
    let tea = world.product("TEA", 0).await;
    let sent = join_all((1..=32).map(|_| world.restock(&tea, 3))).await;
    assert!(sent.iter().all(|response| response.status == 200));
    assert_eq!(world.stock(&tea).await, (96, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn reservations_and_releases_that_cross_leave_nothing_behind() {
    let world = World::start();
    let tea = world.product("TEA", 100).await;
    let asked = lines([(&tea, 2)]);
    let commands: Vec<_> = (1..=32)
        .flat_map(|number| [reserve(order(number), &asked), release(order(number), &asked)])
        .collect();
    join_all(commands.iter().map(|command| world.ask(command))).await;
    assert_eq!(world.stock(&tea).await, (100, 0));
    assert_eq!(world.admin("/audit").await["aggregates"][0]["held"], json!([]));
}
