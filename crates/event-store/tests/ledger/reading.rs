//! Reading: a stream both ways, at a version, at an instant, and everything from a position.

use database::Transaction;
use event_store::{
    Append, AsOf, Expected, Filter, Ledger, Log as _, NewEvent, Page, Partitions, Recorded, StreamName, read,
};
use proptest::prelude::*;
use uuid::Uuid;

use crate::world::{BEGINNING, World, append_each, append_one, events_of, stream, to};

fn versions(events: &[Recorded]) -> Vec<u64> {
    events.iter().map(|event| event.version).collect()
}

#[tokio::test]
async fn a_stream_is_read_forwards_and_backwards_in_pages() {
    let world = World::new();
    let ledger = world.ledger();
    append_one(&ledger, to("order-1", Expected::Any, 1..=10)).await.unwrap();
    append_one(&ledger, to("order-2", Expected::Any, 11..=12)).await.unwrap();
    let forward = async |from, up_to, limit| {
        let of = stream("order-1");
        let work = async move |tx: &mut Transaction| read::forward(tx, &of, from, up_to, limit).await;
        versions(&ledger.database().read(work).await.unwrap())
    };
    assert_eq!(forward(1, u64::MAX, 4).await, [1, 2, 3, 4]);
    assert_eq!(forward(5, u64::MAX, 100).await, [5, 6, 7, 8, 9, 10]);
    assert_eq!(forward(1, 3, 100).await, [1, 2, 3], "as of a version");
    assert!(forward(11, u64::MAX, 4).await.is_empty());
    let backward = async |from, limit| {
        let of = stream("order-1");
        let work = async move |tx: &mut Transaction| read::backward(tx, &of, from, limit).await;
        versions(&ledger.database().read(work).await.unwrap())
    };
    assert_eq!(backward(u64::MAX, 3).await, [10, 9, 8]);
    assert_eq!(backward(7, 100).await, [7, 6, 5, 4, 3, 2, 1]);
}

async fn as_of(ledger: &Ledger, effective: i64, known: Option<i64>, limit: usize) -> Vec<u64> {
    let mut all: Vec<Recorded> = Vec::new();
    loop {
        let (of, after) = (stream("order-1"), all.last().cloned());
        let at = AsOf { effective, known };
        let work = async move |tx: &mut Transaction| read::as_of(tx, &of, at, after.as_ref(), limit).await;
        let page = ledger.database().read(work).await.unwrap();
        let whole = page.len() == limit;
        all.extend(page);
        if !whole {
            return versions(&all);
        }
    }
}

#[tokio::test]
async fn a_correction_counts_from_when_it_is_effective_once_it_is_known() {
    let world = World::new();
    let ledger = world.ledger();
    let hour = 3_600_000_000;
    append_each(&ledger, "order-1", 1..=1).await;
    world.hands.set(BEGINNING + 2 * hour);
    append_each(&ledger, "order-1", 2..=2).await;
    // At 03:00 somebody finds out about 01:00.
    world.hands.set(BEGINNING + 3 * hour);
    let event =
        NewEvent::new(Uuid::from_u128(3), "corrected", 1, &()).unwrap().effective_at(BEGINNING + hour);
    let correction =
        Append { stream: stream("order-1"), expected: Expected::Version(2), events: vec![event] };
    append_one(&ledger, correction).await.unwrap();

    assert_eq!(as_of(&ledger, BEGINNING + hour, None, 10).await, [1, 3]);
    assert_eq!(as_of(&ledger, BEGINNING + hour, Some(BEGINNING + 2 * hour), 10).await, [1]);
    assert_eq!(as_of(&ledger, BEGINNING + 3 * hour, None, 10).await, [1, 3, 2], "in the order of effect");
    assert_eq!(as_of(&ledger, BEGINNING + 3 * hour, Some(BEGINNING + 2 * hour), 10).await, [1, 2]);
    assert!(as_of(&ledger, BEGINNING - 1, None, 10).await.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_look_back_is_what_a_filter_of_all_events_would_be(
        times in prop::collection::vec((0..5_i64, 0..6_i64), 1..12), effective in 0..6_i64, known in 0..12_i64,
        limit in 1..5_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let world = World::new();
            let ledger = world.ledger();
            for (number, (pause, at)) in (1..).zip(&times) {
                world.hands.advance(std::time::Duration::from_micros(*pause as u64 % 2));
                let event = NewEvent::new(Uuid::from_u128(number), "happened", 1, &()).unwrap();
                let events = vec![event.effective_at(BEGINNING + at)];
                append_one(&ledger, Append { stream: stream("order-1"), expected: Expected::Any, events }).await.unwrap();
            }
            let (effective, known) = (BEGINNING + effective, BEGINNING + known);
            let mut expected = events_of(&ledger, "order-1").await;
            expected.retain(|event| event.effective_at <= effective && event.recorded_at <= known);
            expected.sort_by_key(|event| (event.effective_at, event.version));
            assert_eq!(as_of(&ledger, effective, Some(known), limit).await, versions(&expected));
        });
    }
}

/// All pages after a position, as a reader goes from one to the next.
async fn pages(ledger: &Ledger, after: u64, up_to: u64, filter: &Filter, limit: usize) -> Vec<Recorded> {
    let (mut all, mut at) = (Vec::new(), after);
    while at < up_to {
        let Page { events, scanned } = ledger.read(at, up_to, filter, limit).await.unwrap();
        assert!(events.len() <= limit && scanned > at, "it goes on");
        assert!(events.iter().all(|event| (at + 1..=scanned).contains(&event.position)));
        all.extend(events);
        at = scanned;
    }
    assert_eq!(at, up_to);
    all
}

#[tokio::test]
async fn everything_is_read_in_one_order_with_what_the_filter_lets_through() {
    let world = World::new();
    let ledger = world.ledger();
    for number in 0..200_u128 {
        let category = if number % 3 == 0 { "customer" } else { "order" };
        let kind = if number % 7 == 0 { "rare" } else { "happened" };
        let events = vec![NewEvent::new(Uuid::from_u128(number), kind, 1, &()).unwrap()];
        let of = StreamName::new(category, &(number % 20).to_string()).unwrap();
        append_one(&ledger, Append { stream: of, expected: Expected::Any, events }).await.unwrap();
    }
    let everything = pages(&ledger, 0, 200, &Filter::default(), 64).await;
    assert!(everything.iter().map(|event| event.position).eq(1..=200));
    let half = (0..=127).fold(Partitions::NONE, Partitions::with);
    let filters = [
        Filter::default().categories(&["customer"]).unwrap(),
        Filter::default().kinds(&["rare"]),
        Filter::default().partitions(half),
        Filter::default()
            .categories(&["order", "customer"])
            .unwrap()
            .kinds(&["rare", "none"])
            .partitions(half),
        Filter::default().kinds(&["none"]),
    ];
    for filter in filters {
        let expected: Vec<Recorded> = everything
            .iter()
            .filter(|event| filter.takes(&event.stream) && filter.takes_kind(&event.kind))
            .cloned()
            .collect();
        for limit in [1, 3, 64] {
            assert_eq!(pages(&ledger, 0, 200, &filter, limit).await, expected, "{filter:?} by {limit}");
        }
        assert!(pages(&ledger, 150, 170, &filter, 5).await.iter().all(|event| expected.contains(event)));
    }
}

#[tokio::test]
async fn a_page_tells_to_have_scanned_no_more_than_there_is() {
    let world = World::new();
    let ledger = world.ledger();
    let read = async |after| ledger.read(after, u64::MAX, &Filter::default(), 10).await.unwrap();
    assert_eq!(read(0).await.scanned, 0);
    append_each(&ledger, "order-1", 1..=3).await;
    assert_eq!((read(0).await.events.len(), read(0).await.scanned), (3, 3));
    assert_eq!((read(3).await.events.len(), read(3).await.scanned), (0, 3));
}

#[tokio::test]
async fn a_page_is_bounded_by_what_it_weighs() {
    let world = World::new();
    let ledger = world.ledger();
    let data = "x".repeat(200 * 1024);
    for number in 0..40_u128 {
        let events = vec![NewEvent::new(Uuid::from_u128(number), "heavy", 1, &data).unwrap()];
        append_one(&ledger, Append { stream: stream("order-1"), expected: Expected::Any, events })
            .await
            .unwrap();
    }
    let page = ledger.read(0, 40, &Filter::default(), 40).await.unwrap();
    assert_eq!((page.events.len(), page.scanned), (21, 21), "a little more than 4 MiB");
    assert_eq!(pages(&ledger, 0, 40, &Filter::default(), 40).await.len(), 40);
}

#[tokio::test]
async fn the_last_event_before_an_instant_is_found_however_many_share_one() {
    let world = World::new();
    let ledger = world.ledger();
    for number in 1..=20_u32 {
        world.hands.set(BEGINNING + i64::from(number / 3) * 2);
        append_one(&ledger, to("order-1", Expected::Any, [number.into()])).await.unwrap();
    }
    let events = events_of(&ledger, "order-1").await;
    for instant in BEGINNING - 1..BEGINNING + 20 {
        let before = events.iter().filter(|event| event.recorded_at < instant).map(|event| event.position);
        let work = async move |tx: &mut Transaction| read::before(tx, instant).await;
        let found = ledger.database().read::<_, database::Error, _>(work).await.unwrap();
        assert_eq!(found, before.max().unwrap_or(0), "{instant}");
    }
}
