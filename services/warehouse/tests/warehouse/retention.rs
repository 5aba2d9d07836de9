//! Forgetting reservations that are over. What that may never change is shown for customers, whose table is alike.

use contracts::Count;
use database::{Clock, Database, Error, Executor, Options, Transaction};
use warehouse::{
    application::{Addition, Application, Products},
    store::{self, Rows},
};

use crate::support::{eur, lines, order, release, reserve, sku, take_out};

#[tokio::test]
async fn what_is_over_is_forgotten_the_oldest_first_and_what_is_held_stays() {
    let directory = tempfile::tempdir().unwrap();
    let (clock, hands) = Clock::manual(1_000);
    let options = Options { clock, executor: Executor::Inline, ..Options::default() };
    let database = Database::open(&directory.path().join("warehouse.db"), store::SCHEMAS, options).unwrap();
    let application = Application::new(Products::new(Rows));
    let (tea, adding) = (sku("TEA"), application.clone());
    let tea_is_added = Addition {
        sku: tea.clone(),
        name: "Green tea".parse().unwrap(),
        unit_price: eur(100),
        on_hand: Count::new(10).unwrap(),
    };
    database.write(async move |tx: &mut Transaction| adding.add(tx, &tea_is_added).await).await.unwrap();
    let ask = async |command| {
        hands.set(database.now() + 1);
        let application = application.clone();
        database
            .write(async move |tx: &mut Transaction| application.handle(tx, &command).await)
            .await
            .unwrap();
    };
    let forget = async |before: i64, limit: u64| {
        let work = async move |tx: &mut Transaction| {
            let (oldest, forgotten) = (store::oldest(tx).await?, store::forget(tx, before, limit).await?);
            assert_eq!(oldest.is_some_and(|oldest| oldest < before), forgotten > 0, "it is told what is due");
            Ok::<_, Error>(forgotten)
        };
        database.write(work).await.unwrap()
    };
    let two = || lines([(&tea, 2)]);
    for number in [1, 2, 3] {
        ask(reserve(order(number), &two())).await;
    }
    let begun = database.now();
    ask(take_out(order(1), &two())).await;
    ask(release(order(2), &two())).await;
    ask(release(order(9), &two())).await; // which finds nothing
    let counted =
        async || database.read(async |tx: &mut Transaction| store::counters(tx).await).await.unwrap();
    assert_eq!(counted().await["pieces_taken_out"], 2);
    assert_eq!(forget(begun, 9).await, 0);
    assert_eq!([forget(i64::MAX, 1).await, forget(i64::MAX, 9).await, forget(i64::MAX, 9).await], [1, 2, 0]);
    assert_eq!(counted().await["pieces_taken_out"], 2, "what is counted stays");
    ask(take_out(order(3), &two())).await;
    assert_eq!(counted().await["pieces_taken_out"], 4);
}
