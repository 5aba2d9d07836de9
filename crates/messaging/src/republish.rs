//! Telling again what there is, so that somebody who was not there can begin: the documents of all aggregates, as messages.
//!
//! A republished document is a message about its aggregate on the topic and under the key of what happens to that, so it has
//! its place in the aggregate's order: what comes after it happened after it. Its type is the aggregate's name and
//! `republished`, its correlation id the run that it is part of, and its id follows from both, so that a run that is repeated
//! makes the same messages. It is [put into the outbox](crate::outbox::republish) without being counted, and names no version in
//! its attributes, since it is no link of the aggregate's chain: its version stands in the document.
//!
//! **Invariant:** nothing has happened when a document is republished. Whoever reacts to what happens leaves such a message out
//! ([`run_of`]).

use serde::Deserialize;
use uuid::Uuid;

use crate::{Data, Envelope, derived_id};

/// The part of the type behind the aggregate's name.
const REPUBLISHED: &str = "republished";

/// The message that tells `document`, the state of the aggregate `subject` of the type `aggregate`, at `time` (microseconds since the
/// Unix epoch).
#[must_use]
pub fn message(
    source: &str,
    aggregate: &str,
    run: Uuid,
    subject: &str,
    time: i64,
    document: Data,
) -> Envelope {
    let id = derived_id(&format!("{aggregate}/{subject}"), run, 0);
    let kind = format!("{aggregate}.{REPUBLISHED}");
    Envelope { correlation_id: Some(run), ..Envelope::new(id, source, &kind, subject, time, document) }
}

/// The run that republished what the message carries; `None` if it tells of something that has happened.
#[must_use]
pub fn run_of(message: &Envelope) -> Option<Uuid> {
    let (_, what) = message.kind.split_once('.')?;
    message.correlation_id.filter(|_| what == REPUBLISHED)
}

/// The version of the aggregate that the message leads to: its own, or that of the document that was republished.
#[must_use]
pub fn version_of(message: &Envelope) -> Option<u64> {
    /// The field that every document has.
    #[derive(Deserialize)]
    struct Document {
        version: u64,
    }
    let document = || message.data.parse::<Document>().ok();
    message.version.or_else(|| run_of(message).and_then(|_| document()).map(|document| document.version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_what_is_republished_stands_in_the_document() {
        let document = Data::from_json(r#"{"id": 7, "version": 3}"#.to_owned()).unwrap();
        let again = message("/s", "order", Uuid::from_u128(1), "7", 0, document);
        assert_eq!(version_of(&again), Some(3));
        assert_eq!(version_of(&Envelope { kind: "order.changed".to_owned(), ..again }), None);
    }

    #[test]
    fn a_run_that_is_repeated_makes_the_same_messages_and_another_run_others() {
        let of = |run| message("/s", "order", Uuid::from_u128(run), "7", 0, Data::default());
        assert_eq!(of(1).id, of(1).id);
        assert_ne!(of(1).id, of(2).id);
        assert_eq!(run_of(&of(1)), Some(Uuid::from_u128(1)));
        let happened = Envelope { kind: "order.changed".to_owned(), ..of(1) };
        assert_eq!(run_of(&happened), None);
    }
}
