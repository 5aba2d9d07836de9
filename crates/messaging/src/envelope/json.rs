//! The envelope as `application/cloudevents+json`: the structured mode of CloudEvents' JSON format.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use super::{Data, Envelope};
use crate::Tally;
use crate::tally::NotATally;

/// The media type of an envelope.
pub const CONTENT_TYPE: &str = "application/cloudevents+json";

/// The type of what stands in for something that is no envelope.
pub const UNREADABLE: &str = "unreadable";

const SPEC_VERSION: &str = "1.0";

/// Why something received is no envelope.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Not JSON, or a required attribute is missing or of the wrong type.
    #[error("reading an envelope")]
    Malformed(#[source] serde_json::Error),
    /// Another version of CloudEvents.
    #[error("CloudEvents {0} is not known; {SPEC_VERSION} is")]
    SpecVersion(String),
    /// An attribute should be an instant.
    #[error("reading the time `{0}`")]
    Time(String, #[source] time::error::Parse),
    /// An attribute should be a tally.
    #[error("reading the attribute `tally`")]
    Tally(#[source] NotATally),
}

impl Envelope {
    /// The envelope as JSON. The payload's text is kept byte for byte.
    ///
    /// An instant outside of the years 0 to 9999 is written as the nearest inside. `version` and
    /// `previousversion` are numbers, though CloudEvents' own integers end at 2^31 − 1.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.write(self.tally, Some(self.data.raw()))
    }

    /// All but the payload, with another tally.
    pub(crate) fn attributes(&self, tally: Option<Tally>) -> String {
        self.write(tally, None)
    }

    /// The reverse of [`to_json`](Self::to_json). Attributes that are not known here are ignored.
    ///
    /// Of CloudEvents' optional attributes `time` is required here; without `subject` it is empty, without
    /// `partitionkey` the key is the subject, without `dataversion` the version is 1.
    ///
    /// # Errors
    /// If it is not an event of CloudEvents 1.0 with an id that is a UUID.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        let structured: Structured<'_> = serde_json::from_str(json).map_err(Error::Malformed)?;
        structured.try_into()
    }

    /// Puts together what [`attributes`](Self::attributes) and the payload were taken apart into.
    pub(crate) fn from_parts(attributes: &str, data: String) -> Result<Self, Error> {
        let data = Data::from_json(data).map_err(Error::Malformed)?;
        Ok(Self { data, ..Self::from_json(attributes)? })
    }

    /// What a broker delivers in place of something that is no envelope, so that it is parked and not lost: of type
    /// `unreadable`, with what was received and why it cannot be read as its payload. `origin` tells it from others.
    #[must_use]
    pub fn unreadable(origin: &str, received: &str, error: &Error) -> Self {
        let data = json!({ "received": received, "error": error.to_string() });
        let id = Uuid::new_v5(&Uuid::NAMESPACE_URL, origin.as_bytes());
        Self::new(id, "", UNREADABLE, origin, 0, Data::of(&data).unwrap_or_default())
    }

    fn write(&self, tally: Option<Tally>, data: Option<&RawValue>) -> String {
        let structured = Structured {
            specversion: SPEC_VERSION.into(),
            id: self.id,
            source: (&*self.source).into(),
            kind: (&*self.kind).into(),
            subject: (&*self.subject).into(),
            time: rfc3339(self.time).into(),
            datacontenttype: Some("application/json".into()),
            dataversion: self.data_version,
            partitionkey: Some((&*self.partition_key).into()),
            traceparent: self.traceparent.as_deref().map(Cow::from),
            correlationid: self.correlation_id,
            causationid: self.causation_id,
            deadline: self.deadline.map(|deadline| rfc3339(deadline).into()),
            actor: self.actor.as_deref().map(Cow::from),
            version: self.version,
            previousversion: self.previous_version,
            tally: tally.map(|tally| tally.to_string().into()),
            data: data.map(Cow::Borrowed),
        };
        #[expect(
            clippy::expect_used,
            reason = "strings, numbers and JSON can be written as JSON into memory"
        )]
        serde_json::to_string(&structured).expect("an envelope can always be written")
    }
}

/// The attributes by their names in CloudEvents.
#[derive(Serialize, Deserialize)]
struct Structured<'a> {
    #[serde(borrow)]
    specversion: Cow<'a, str>,
    id: Uuid,
    #[serde(borrow)]
    source: Cow<'a, str>,
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(default, borrow)]
    subject: Cow<'a, str>,
    #[serde(borrow)]
    time: Cow<'a, str>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    datacontenttype: Option<Cow<'a, str>>,
    #[serde(default = "first")]
    dataversion: u32,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    partitionkey: Option<Cow<'a, str>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    traceparent: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlationid: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    causationid: Option<Uuid>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    deadline: Option<Cow<'a, str>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    actor: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previousversion: Option<u64>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    tally: Option<Cow<'a, str>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    data: Option<Cow<'a, RawValue>>,
}

impl TryFrom<Structured<'_>> for Envelope {
    type Error = Error;

    fn try_from(structured: Structured<'_>) -> Result<Self, Error> {
        if structured.specversion != SPEC_VERSION {
            return Err(Error::SpecVersion(structured.specversion.into_owned()));
        }
        let subject = structured.subject.into_owned();
        Ok(Self {
            id: structured.id,
            source: structured.source.into_owned(),
            kind: structured.kind.into_owned(),
            time: micros(&structured.time)?,
            data_version: structured.dataversion,
            partition_key: structured.partitionkey.map_or_else(|| subject.clone(), Cow::into_owned),
            subject,
            traceparent: structured.traceparent.map(Cow::into_owned),
            correlation_id: structured.correlationid,
            causation_id: structured.causationid,
            deadline: structured.deadline.map(|deadline| micros(&deadline)).transpose()?,
            actor: structured.actor.map(Cow::into_owned),
            version: structured.version,
            previous_version: structured.previousversion,
            tally: structured.tally.map(|tally| tally.parse()).transpose().map_err(Error::Tally)?,
            data: structured.data.map_or_else(Data::default, |data| Data::from_raw(data.into_owned())),
        })
    }
}

const fn first() -> u32 {
    1
}

fn rfc3339(micros: i64) -> String {
    const EARLIEST: i64 = -62_167_219_200_000_000;
    const LATEST: i64 = 253_402_300_799_999_999;
    let nanos = i128::from(micros.clamp(EARLIEST, LATEST)) * 1_000;
    #[expect(clippy::expect_used, reason = "the years 0 to 9999 are what RFC 3339 can write")]
    OffsetDateTime::from_unix_timestamp_nanos(nanos)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .expect("a year of four digits")
}

fn micros(text: &str) -> Result<i64, Error> {
    let time = OffsetDateTime::parse(text, &Rfc3339).map_err(|error| Error::Time(text.to_owned(), error))?;
    #[expect(clippy::expect_used, reason = "the years 0 to 9999 are far within 64 bits of microseconds")]
    let micros = i64::try_from(time.unix_timestamp_nanos().div_euclid(1_000)).expect("a year of four digits");
    Ok(micros)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn full() -> Envelope {
        Envelope {
            data_version: 3,
            partition_key: "customer-7".into(),
            traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into()),
            correlation_id: Some(Uuid::from_u128(2)),
            causation_id: Some(Uuid::from_u128(3)),
            deadline: Some(1_700_000_005_000_001),
            actor: Some("anonymous".into()),
            version: Some(5),
            previous_version: Some(3),
            tally: Some(Tally { count: 17, sum: 1 }),
            ..Envelope::new(
                Uuid::from_u128(1),
                "/customers",
                "customer.credit-reserved",
                "7",
                1_700_000_000_000_000,
                Data::from_json(r#"{ "amount":12.50 }"#.into()).unwrap(),
            )
        }
    }

    #[test]
    fn the_json_is_that_of_cloudevents() {
        let json: serde_json::Value = serde_json::from_str(&full().to_json()).unwrap();
        let expected = json!({
            "specversion": "1.0",
            "id": "00000000-0000-0000-0000-000000000001",
            "source": "/customers",
            "type": "customer.credit-reserved",
            "subject": "7",
            "time": "2023-11-14T22:13:20Z",
            "datacontenttype": "application/json",
            "dataversion": 3,
            "partitionkey": "customer-7",
            "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "correlationid": "00000000-0000-0000-0000-000000000002",
            "causationid": "00000000-0000-0000-0000-000000000003",
            "deadline": "2023-11-14T22:13:25.000001Z",
            "actor": "anonymous",
            "version": 5,
            "previousversion": 3,
            "tally": "17-0000000000000001",
            "data": { "amount": 12.5 },
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn an_envelope_survives_being_written() {
        assert_eq!(Envelope::from_json(&full().to_json()).unwrap(), full());
        let bare = Envelope::new(Uuid::from_u128(1), "/a", "b", "c", 0, Data::default());
        assert_eq!(Envelope::from_json(&bare.to_json()).unwrap(), bare);
    }

    #[test]
    fn an_envelope_survives_being_taken_apart() {
        let (attributes, data) = (full().attributes(full().tally), full().data.as_str().to_owned());
        assert_eq!(Envelope::from_parts(&attributes, data).unwrap(), full());
    }

    #[test]
    fn the_payload_is_kept_byte_for_byte() {
        let read = Envelope::from_json(&full().to_json()).unwrap();
        assert_eq!(read.data.as_str(), r#"{ "amount":12.50 }"#);
        assert_eq!(read.fingerprint(), full().fingerprint());
    }

    #[test]
    fn unknown_attributes_are_ignored_and_optional_ones_may_be_missing() {
        let json = r#"{"specversion":"1.0","id":"00000000-0000-0000-0000-000000000001","source":"/x","type":"t",
            "time":"2023-11-14T22:13:20.5+01:00","fancy":{"a":[1]},"actor":null,"subject":"s"}"#;
        let read = Envelope::from_json(json).unwrap();
        let expected =
            Envelope::new(Uuid::from_u128(1), "/x", "t", "s", 1_699_996_400_500_000, Data::default());
        assert_eq!(read, expected);
    }

    #[test]
    fn what_is_no_event_is_refused_with_the_reason() {
        let good: serde_json::Value = serde_json::from_str(&full().to_json()).unwrap();
        let with = |name: &str, value: serde_json::Value| {
            let mut changed = good.clone();
            changed[name] = value;
            Envelope::from_json(&changed.to_string()).unwrap_err()
        };
        assert!(matches!(with("specversion", json!("0.3")), Error::SpecVersion(found) if found == "0.3"));
        assert!(matches!(with("time", json!("yesterday")), Error::Time(found, _) if found == "yesterday"));
        assert!(matches!(with("id", json!("order-1")), Error::Malformed(_)));
        assert!(matches!(with("tally", json!("many")), Error::Tally(_)));
        assert!(matches!(Envelope::from_json("no"), Err(Error::Malformed(_))));
    }

    #[test]
    fn the_fingerprint_covers_what_must_arrive_and_nothing_else() {
        let same = Envelope { traceparent: None, tally: None, deadline: None, ..full() };
        assert_eq!(same.fingerprint(), full().fingerprint());
        let others = [
            Envelope { id: Uuid::from_u128(9), ..full() },
            Envelope { kind: "k".into(), ..full() },
            Envelope { subject: "s".into(), ..full() },
            Envelope { version: None, ..full() },
            Envelope { data: Data::default(), ..full() },
        ];
        for other in others {
            assert_ne!(other.fingerprint(), full().fingerprint(), "{other:?}");
        }
    }

    proptest! {
        #[test]
        fn any_instant_and_any_text_survive(micros: i64, text: String, version: Option<u32>) {
            let micros = micros % 1_000_000_000_000_000;
            let data = Data::of(&text).unwrap();
            let envelope = Envelope {
                version: version.map(u64::from),
                ..Envelope::new(Uuid::nil(), &text, &text, &text, micros, data)
            };
            prop_assert_eq!(Envelope::from_json(&envelope.to_json()).unwrap(), envelope);
        }

        #[test]
        fn no_instant_panics(micros: i64) {
            let envelope = Envelope::new(Uuid::nil(), "", "", "", micros, Data::default());
            prop_assert!(Envelope::from_json(&envelope.to_json()).is_ok());
        }
    }
}
