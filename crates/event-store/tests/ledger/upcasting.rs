//! Events of old versions become events of today.

use std::path::Path;

use database::Transaction;
use event_store::{
    Append, EventSourced as _, Expected, NewEvent, Repository, repository::StreamError, testing, types,
};
use proptest::prelude::*;
use uuid::Uuid;

use crate::tab::{self, Event, Tab};
use crate::world::{World, stream};

#[test]
fn every_version_that_was_ever_recorded_is_read() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    assert_eq!(testing::replay_fixtures(&Tab::event_types(), &directory), 6);
}

#[test]
#[should_panic(expected = "there is a file for each version of each type")]
fn a_version_without_a_fixture_is_noticed() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    testing::replay_fixtures(&Tab::event_types().kind("tipped", &[]), &directory);
}

#[test]
fn the_form_of_a_state_is_the_one_that_is_written_down() {
    assert_eq!(Tab::STATE_SCHEMA, testing::shape(&[tab::full()]));
}

#[test]
fn what_a_newer_program_wrote_is_a_clear_error() {
    let types = Tab::event_types();
    let newer = types.decode("charged", 4, "{}").unwrap_err();
    assert!(
        matches!(&newer, types::Error::Newer { kind, found: 4, known: 3 } if kind == "charged"),
        "{newer:?}"
    );
    let unknown = types.decode("tipped", 1, "{}").unwrap_err();
    assert!(matches!(&unknown, types::Error::UnknownType { kind } if kind == "tipped"), "{unknown:?}");
    // A retired type has no version after its last.
    assert!(matches!(types.decode("started", 2, "{}"), Err(types::Error::Newer { .. })));
}

#[test]
fn what_cannot_be_made_into_the_next_version_says_which() {
    let types = Tab::event_types();
    let error =
        types.decode("charged", 1, r#"{"event": "charged", "item": "tea", "price": "dear"}"#).unwrap_err();
    assert!(matches!(error, types::Error::NotUpcast { version: 1, .. }), "{error:?}");
    let error = types.decode("opened", 1, r#"{"event": "opened"}"#).unwrap_err();
    assert!(matches!(error, types::Error::Malformed { .. }), "{error:?}");
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(events in tab::events()) {
        let types = Tab::event_types();
        for event in events {
            let types::Encoded { kind, schema_version, data } = types.encode(&event).unwrap();
            prop_assert_eq!(types.decode(&kind, schema_version, &data).unwrap(), event);
        }
    }
}

#[tokio::test]
async fn a_stream_of_all_versions_is_one_aggregate() {
    let world = World::new();
    let ledger = world.ledger();
    let event = |number, kind, version, data: &str| {
        NewEvent::from_json(Uuid::from_u128(number), kind, version, data.to_owned()).unwrap()
    };
    let append = Append {
        stream: stream("tab-1"),
        expected: Expected::None,
        events: vec![
            event(1, "started", 1, r#"{"event": "started", "name": "Ada"}"#),
            event(2, "charged", 1, r#"{"event": "charged", "item": "tea", "price": "2.50"}"#),
            event(3, "charged", 2, r#"{"event": "charged", "item": "cake", "cents": 400}"#),
            event(4, "charged", 3, r#"{"event": "charged", "item": "ale", "cents": 3, "currency": "GBP"}"#),
        ],
    };
    let (writer, repository) =
        (ledger.writer(&["tab"]).unwrap(), Repository::<Tab>::new(&ledger, Uuid::nil).unwrap());
    let work = async move |tx: &mut Transaction| {
        writer.append(tx, std::slice::from_ref(&append), &event_store::Metadata::default()).await?;
        Ok::<_, database::Error>(aggregate::Repository::load(&repository, tx, &[1], &()).await?.remove(0))
    };
    let tab = ledger.database().write(work).await.unwrap();
    assert_eq!(tab.version, 4);
    assert_eq!(
        (tab.state.guest.as_deref(), &tab.state.cents["EUR"], &tab.state.cents["GBP"]),
        (Some("Ada"), &650, &3)
    );
}

#[tokio::test]
async fn an_event_that_cannot_be_read_names_its_stream() {
    let world = World::new();
    let ledger = world.ledger();
    let events = vec![NewEvent::new(Uuid::nil(), "charged", 9, &()).unwrap()];
    let append = Append { stream: stream("tab-1"), expected: Expected::None, events };
    let (writer, repository) =
        (ledger.writer(&["tab"]).unwrap(), Repository::<Tab>::new(&ledger, Uuid::nil).unwrap());
    let work = async move |tx: &mut Transaction| {
        writer.append(tx, std::slice::from_ref(&append), &event_store::Metadata::default()).await?;
        aggregate::Repository::load(&repository, tx, &[1], &()).await
    };
    let error: database::Error = ledger.database().write(work).await.unwrap_err();
    let database::Error::Layer { source, .. } = &error else { panic!("{error:?}") };
    let error: &StreamError = source.downcast_ref().unwrap();
    assert_eq!(error.stream, stream("tab-1"));
    assert!(matches!(error.source.downcast_ref(), Some(types::Error::Newer { .. })));
}

#[test]
fn an_event_that_names_no_type_cannot_be_written() {
    let types = event_store::EventTypes::<u32>::new();
    assert!(matches!(types.encode(&1), Err(types::Error::Unwritable(_))));
    let types = event_store::EventTypes::<Event>::new();
    assert!(matches!(types.encode(&Event::Closed), Err(types::Error::UnknownType { .. })));
}
