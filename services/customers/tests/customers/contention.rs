//! Many at once.

use contracts::customers::Reply;
use futures_util::future::join_all;

use crate::support::{World, eur, order, release, reserve, settle};

#[tokio::test(flavor = "multi_thread")]
async fn many_orders_at_once_never_overdraw_the_last_credit() {
    let world = World::start();
    let id = world.customer(1_000).await;
    let commands: Vec<_> = (1..=64).map(|number| reserve(id, order(number), eur(100))).collect();
    let replies = join_all(commands.iter().map(|command| world.ask(command))).await;
    let reserved = replies.iter().filter(|reply| matches!(reply, Reply::CreditReserved { .. })).count();
    assert_eq!(reserved, 10);
    let customer = world.find(id).await;
    assert_eq!(
        (customer.credit_reserved, customer.credit_available, customer.version),
        (eur(1_000), eur(0), 65)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_saw_the_same_version_one_changes_it() {
    let world = World::start();
    let id = world.customer(100).await;
    let sent = join_all((1..=16).map(|raise| world.change_limit(id, Some(1), eur(100 + raise)))).await;
    let statuses: Vec<_> = sent.iter().map(|response| response.status.as_u16()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 412).count(), 15, "{statuses:?}");
    assert_eq!(world.find(id).await.version, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_change_is_lost_among_many() {
    let world = World::start();
    let id = world.customer(100).await;
    let sent = join_all((1..=32).map(|raise| world.change_limit(id, None, eur(100 + raise)))).await;
    assert!(sent.iter().all(|response| response.status == 200));
    assert_eq!(world.find(id).await.version, 33);
}

#[tokio::test(flavor = "multi_thread")]
async fn reservations_and_releases_that_cross_leave_nothing_behind() {
    let world = World::start();
    let id = world.customer(10_000).await;
    let crossing = (1..=32).flat_map(|number| {
        [reserve(id, order(number), eur(100)), release(id, order(number)), settle(id, order(number))]
    });
    let commands: Vec<_> = crossing.collect();
    join_all(commands.iter().map(|command| world.ask(command))).await;
    // Whichever came first, every order was released or settled in the end.
    join_all((1..=32).map(|number| {
        let world = &world;
        async move { world.ask(&release(id, order(number))).await }
    }))
    .await;
    assert_eq!(world.find(id).await.credit_reserved, eur(0));
    assert_eq!(world.admin("/audit").await["aggregates"][0]["held"], serde_json::json!([]));
}
