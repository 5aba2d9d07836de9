//! Appends: versions, conflicts, repetitions, refusals.

use database::{Database, Transaction};
use event_store::{Append, Expected, Ledger, Log as _, Metadata, NewEvent, append::Error, read};
use uuid::Uuid;

use crate::world::{BEGINNING, World, append_all, append_one, event, events_of, stream, to};

#[tokio::test]
async fn events_get_the_next_versions_and_positions() {
    let world = World::new();
    let ledger = world.ledger();
    let first = append_one(&ledger, to("order-1", Expected::None, [1, 2])).await.unwrap();
    assert_eq!((first.version, first.positions, first.repeated), (2, vec![1, 2], false));
    let second = append_one(&ledger, to("order-1", Expected::Version(2), [3])).await.unwrap();
    assert_eq!((second.version, second.positions), (3, vec![3]));
    let versions: Vec<_> = events_of(&ledger, "order-1").await.iter().map(|event| event.version).collect();
    assert_eq!(versions, [1, 2, 3]);
}

#[tokio::test]
async fn everything_that_is_told_of_an_event_is_told_again() {
    let world = World::new();
    let ledger = world.ledger();
    let metadata = Metadata {
        actor: Some("ada".to_owned()),
        traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
        causation_id: Some(Uuid::from_u128(7)),
        correlation_id: Some(Uuid::from_u128(8)),
    };
    let event = NewEvent::new(Uuid::from_u128(1), "placed", 3, &["tea"]).unwrap().effective_at(BEGINNING - 5);
    let append = Append { stream: stream("order-1"), expected: Expected::None, events: vec![event] };
    let (writer, of) = (ledger.writer(&["order"]).unwrap(), metadata.clone());
    let work = async move |tx: &mut Transaction| writer.append(tx, std::slice::from_ref(&append), &of).await;
    ledger.database().write(work).await.unwrap();

    let recorded = events_of(&ledger, "order-1").await.remove(0);
    assert_eq!(recorded.metadata, metadata);
    assert_eq!((recorded.recorded_at, recorded.effective_at), (BEGINNING, BEGINNING - 5));
    assert_eq!((&*recorded.kind, recorded.schema_version, &*recorded.data), ("placed", 3, r#"["tea"]"#));
    assert_eq!((recorded.id, recorded.stream), (Uuid::from_u128(1), stream("order-1")));
}

#[tokio::test]
async fn a_conflict_names_stream_expected_and_current_version() {
    let world = World::new();
    let ledger = world.ledger();
    append_one(&ledger, to("order-1", Expected::None, [1, 2])).await.unwrap();
    for (expected, number) in [(Expected::None, 0), (Expected::Version(1), 1), (Expected::Version(3), 3)] {
        let refused = append_one(&ledger, to("order-1", expected, [9])).await.unwrap_err();
        let Error::Conflict { stream: of, expected, current } = refused else { panic!("{refused:?}") };
        assert_eq!((of, expected, current), (stream("order-1"), number, 2));
    }
    assert_eq!(append_one(&ledger, to("order-1", Expected::Any, [3])).await.unwrap().version, 3);
}

#[tokio::test]
async fn several_streams_are_appended_to_together_or_not_at_all() {
    let world = World::new();
    let ledger = world.ledger();
    append_one(&ledger, to("order-2", Expected::None, [1])).await.unwrap();
    let wrong = vec![to("order-1", Expected::None, [2]), to("order-2", Expected::None, [3])];
    assert!(matches!(append_all(&ledger, wrong).await, Err(Error::Conflict { .. })));
    assert_eq!(events_of(&ledger, "order-1").await, []);

    let right = vec![to("order-2", Expected::Version(1), [3]), to("customer-1", Expected::None, [2])];
    let appended = append_all(&ledger, right).await.unwrap();
    // Answered in the order of the question, recorded in that of the streams' names.
    assert_eq!(appended.iter().map(|it| it.version).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(appended.iter().map(|it| it.positions[0]).collect::<Vec<_>>(), [3, 2]);
}

#[tokio::test]
async fn what_was_appended_before_is_answered_as_it_was_then() {
    let world = World::new();
    let ledger = world.ledger();
    let append = || to("order-1", Expected::Version(0), [1, 2]);
    let first = append_one(&ledger, append()).await.unwrap();
    append_one(&ledger, to("order-1", Expected::Any, [3])).await.unwrap();
    let again = append_one(&ledger, append()).await.unwrap();
    assert_eq!((again.version, &again.positions, again.repeated), (first.version, &first.positions, true));
    assert_eq!(events_of(&ledger, "order-1").await.len(), 3);
}

#[tokio::test]
async fn what_was_appended_in_part_or_elsewhere_is_an_error_of_its_own() {
    let world = World::new();
    let ledger = world.ledger();
    append_one(&ledger, to("order-1", Expected::None, [1, 2, 3])).await.unwrap();
    let refused = async |name: &str, events: &[u128]| {
        append_one(&ledger, to(name, Expected::Any, events.iter().copied())).await.unwrap_err()
    };
    let missing = |error| match error {
        Error::PartlyRepeated { missing, .. } => missing.as_u128(),
        other => panic!("{other:?}"),
    };
    assert_eq!(missing(refused("order-1", &[3, 4]).await), 4);
    assert_eq!(missing(refused("order-1", &[4, 1]).await), 4);
    assert_eq!(missing(refused("order-1", &[1, 3]).await), 3, "not in this order");
    let elsewhere = refused("order-2", &[1]).await;
    assert!(
        matches!(&elsewhere, Error::RecordedElsewhere { other, .. } if other == "order-1"),
        "{elsewhere:?}"
    );
    let mixed = vec![to("order-1", Expected::Any, [1]), to("order-2", Expected::Any, [5])];
    assert_eq!(missing(append_all(&ledger, mixed).await.unwrap_err()), 5);
}

#[tokio::test]
async fn a_refused_append_leaves_nothing_even_if_its_transaction_is_committed() {
    let world = World::new();
    let ledger = world.ledger();
    append_one(&ledger, to("order-1", Expected::None, [1])).await.unwrap();
    let writer = ledger.writer(&["order"]).unwrap();
    let work = async move |tx: &mut Transaction| {
        let append = [to("order-0", Expected::None, [7]), to("order-1", Expected::Any, [8, 1])];
        assert!(writer.append(tx, &append, &Metadata::default()).await.is_err());
        Ok::<_, database::Error>(())
    };
    ledger.database().write(work).await.unwrap();
    assert_eq!(ledger.settled().await.unwrap(), 1);
}

#[tokio::test]
async fn a_writer_appends_to_streams_of_its_own_categories_only() {
    let world = World::new();
    let ledger = world.ledger();
    let writer = ledger.writer(&["customer"]).unwrap();
    let append = [to("order-1", Expected::None, [1])];
    let work = async move |tx: &mut Transaction| writer.append(tx, &append, &Metadata::default()).await;
    let refused = ledger.database().write(work).await.unwrap_err();
    assert!(matches!(&refused, Error::NotAllowed { stream: of } if *of == stream("order-1")), "{refused:?}");
    assert!(ledger.writer(&["Not a category"]).is_err());
}

#[tokio::test]
async fn what_is_malformed_or_too_much_is_refused() {
    let world = World::new();
    let ledger = world.ledger();
    for appends in [
        vec![to("order-1", Expected::Any, [])],
        vec![to("order-1", Expected::Any, [1]), to("order-1", Expected::Any, [2])],
        vec![to("order-1", Expected::Any, [1, 1])],
        vec![to("order-1", Expected::Any, [1]), to("order-2", Expected::Any, [1])],
        vec![to("order-1", Expected::Any, 1..=1_001)],
    ] {
        assert!(matches!(append_all(&ledger, appends).await, Err(Error::Malformed { .. })));
    }
    let long = Metadata { actor: Some("a".repeat(257)), ..Metadata::default() };
    let writer = ledger.writer(&["order"]).unwrap();
    let work = async move |tx: &mut Transaction| {
        writer.append(tx, &[to("order-1", Expected::Any, [1])], &long).await
    };
    assert!(matches!(ledger.database().write(work).await, Err(Error::Malformed { .. })));
}

#[tokio::test]
async fn recorded_times_never_go_backwards() {
    let world = World::new();
    let ledger = world.ledger();
    append_one(&ledger, to("order-1", Expected::Any, [1])).await.unwrap();
    world.hands.set(BEGINNING - 1_000_000);
    append_one(&ledger, to("order-1", Expected::Any, [2])).await.unwrap();
    let times: Vec<_> = events_of(&ledger, "order-1").await.iter().map(|event| event.recorded_at).collect();
    assert_eq!(times, [BEGINNING, BEGINNING]);
}

#[tokio::test]
async fn of_two_handles_on_one_file_one_gets_the_version() {
    let world = World::new();
    let (one, other) = (world.ledger(), world.ledger());
    let (ours, theirs) = tokio::join!(
        append_one(&one, to("order-1", Expected::None, [1])),
        append_one(&other, to("order-1", Expected::None, [2])),
    );
    assert!(ours.is_ok() && matches!(theirs, Err(Error::Conflict { current: 1, .. })));
    assert_eq!(events_of(&other, "order-1").await, events_of(&one, "order-1").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_who_append_at_the_same_time_get_one_order() {
    let directory = tempfile::tempdir().unwrap();
    let open = || {
        let path = directory.path().join("ledger.db");
        Ledger::new(Database::open(&path, &[event_store::SCHEMA], database::Options::default()).unwrap())
    };
    let ledgers = [open(), open()];
    let mut callers = tokio::task::JoinSet::new();
    for number in 0..64_u128 {
        let ledger = ledgers[number as usize % 2].clone();
        callers.spawn(async move {
            let name = format!("order-{}", number % 5);
            append_one(&ledger, Append { events: vec![event(number)], ..to(&name, Expected::Any, []) })
                .await
                .unwrap()
        });
    }
    let mut positions: Vec<u64> = callers.join_all().await.into_iter().flat_map(|it| it.positions).collect();
    positions.sort_unstable();
    assert!(positions.into_iter().eq(1..=64));
    let last = ledgers[0].database().read(async |tx: &mut Transaction| read::last(tx).await).await;
    assert_eq!(last.unwrap(), 64);
}
